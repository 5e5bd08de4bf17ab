"""Exams: a fixed list of Programs with certified answers, made once and put to every engine."""
