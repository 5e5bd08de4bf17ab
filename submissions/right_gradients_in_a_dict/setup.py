from setuptools import setup

setup(name="autograd-in-a-day", version="0.1", packages=["autograd_in_a_day"])
