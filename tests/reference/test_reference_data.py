"""Datasets, loaders, and the IDX format."""

import gzip
import importlib
import struct
from importlib.resources import files

import numpy as np
import pytest

import reference as ref
from reference.data import DataLoader, TensorDataset, read_idx

FASHION = files("gradcheck_suite") / "data" / "fashion-mnist"


@pytest.fixture
def samples():
    """Make 500 samples whose input and target say which one they are."""
    return TensorDataset(np.arange(1000.0).reshape(500, 2), np.arange(500))


def test_the_last_batch_has_what_is_left(samples):
    """Of 500 samples, batches of 120 are five, the last one of 20, as in torch."""
    loader = DataLoader(samples, batch_size=120)
    assert len(loader) == 5
    assert [len(y) for _, y in loader] == [120, 120, 120, 120, 20]


def test_the_last_batch_may_be_dropped(samples):
    """With drop_last there are four batches, and a whole last batch is kept."""
    loader = DataLoader(samples, batch_size=120, drop_last=True)
    assert len(loader) == 4
    assert [len(y) for _, y in loader] == [120] * 4
    whole = DataLoader(samples, batch_size=125, drop_last=True)
    assert len(whole) == len([*whole]) == 4
    assert [*DataLoader(samples, batch_size=501, drop_last=True)] == []


def test_without_shuffling_the_order_is_that_of_the_data(samples):
    """Inputs and targets come as they are, together."""
    batches = [*DataLoader(samples, batch_size=120)]
    assert np.concatenate([y.data for _, y in batches]).tolist() == [*range(500)]
    for x, y in batches:
        np.testing.assert_array_equal(x.data[:, 0], 2 * y.data)


def test_shuffled_every_sample_comes_once_an_epoch(samples):
    """Each epoch has another order of all samples, with the targets beside their inputs."""
    loader = DataLoader(samples, 120, shuffle=True, generator=np.random.default_rng(0))
    epochs = []
    for _ in range(3):
        batches = [*loader]
        for x, y in batches:
            np.testing.assert_array_equal(x.data[:, 0], 2 * y.data)
        epochs.append(np.concatenate([y.data for _, y in batches]).tolist())
    assert all(sorted(order) == [*range(500)] for order in epochs)
    assert len({tuple(order) for order in [*epochs, range(500)]}) == 4


def test_the_same_generator_gives_the_same_orders(samples):
    """Two loaders with one seed agree in every epoch."""
    one, two = (
        DataLoader(samples, 120, shuffle=True, generator=np.random.default_rng(5)) for _ in range(2)
    )
    for _ in range(2):
        for (_, y), (_, z) in zip(one, two, strict=True):
            np.testing.assert_array_equal(y.data, z.data)


def test_a_sampler_gives_the_order(samples):
    """Batches have the samples that it names, which may be a part of them or come twice."""
    loader = DataLoader(samples, 2, sampler=[4, 4, 0, 499, 7])
    assert len(loader) == 3
    assert [y.data.tolist() for _, y in loader] == [[4, 4], [0, 499], [7]]


@pytest.mark.needs_module("torch")
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 7, 8])
@pytest.mark.parametrize("sampler", [None, [3, 1, 4, 1, 5], range(6, 0, -1)])
def test_batches_are_torchs(batch_size, drop_last, sampler):
    """In the order of the data or of a sampler, the batches are those of torch's loader."""
    torch = importlib.import_module("torch")
    x, y = np.arange(14.0).reshape(7, 2), np.arange(7)
    theirs = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(torch.tensor(x), torch.tensor(y)),
        batch_size,
        sampler=sampler,
        drop_last=drop_last,
    )
    ours = DataLoader(TensorDataset(x, y), batch_size, sampler=sampler, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine, other, strict=True):
            assert a.dtype == b.numpy().dtype
            np.testing.assert_array_equal(a.data, b.numpy())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size should be 1 or more, but got 0"),
        ({"shuffle": True}, "shuffle needs a generator"),
        ({"shuffle": True, "sampler": [0]}, "shuffle should be False"),
    ],
)
def test_a_loader_that_makes_no_sense_is_refused(samples, settings, message):
    """The message says what to change."""
    with pytest.raises(ref.SettingError, match=message):
        DataLoader(samples, **settings)


def test_a_dataset_gives_samples():
    """One sample at an integer, several at a slice or an array, from every tensor."""
    data = TensorDataset(np.arange(6.0).reshape(3, 2), ref.tensor([10, 20, 30]))
    assert len(data) == 3
    x, y = data[1]
    assert (x.data.tolist(), y.item()) == ([2, 3], 20)
    assert data[[2, 0]][1].data.tolist() == [30, 10]
    assert [y.item() for _, y in data] == [10, 20, 30]


@pytest.mark.parametrize("arrays", [(), (np.ones(3), np.ones(2)), (1.0,)])
def test_tensors_of_different_lengths_are_no_dataset(arrays):
    """The message shows the shapes."""
    with pytest.raises(ref.OperandError, match="first axes of one length, but got"):
        TensorDataset(*arrays)


def idx(kind, shape, elements=b""):
    """Return the bytes of an IDX file."""
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape) + elements


KINDS = [
    (0x08, "B", "uint8", [0, 1, 255]),
    (0x09, "b", "int8", [-128, 1, 127]),
    (0x0B, "h", "int16", [-32768, 1, 256]),
    (0x0C, "i", "int32", [-(2**31), 1, 65536]),
    (0x0D, "f", "float32", [0.1, -1.5, float("inf")]),
    (0x0E, "d", "float64", [0.1, -1.5, 1e300]),
]


@pytest.mark.parametrize(("kind", "code", "dtype", "numbers"), KINDS, ids=[k[2] for k in KINDS])
@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_every_kind_of_element_is_read(tmp_path, kind, code, dtype, numbers, compress):
    """The most significant byte comes first; the array is the machine's own, and writeable."""
    path = tmp_path / "file"
    path.write_bytes(compress(idx(kind, (3,), struct.pack(f">3{code}", *numbers))))
    array = read_idx(path)
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    assert array.flags.writeable
    np.testing.assert_array_equal(array, np.array(numbers, dtype))


@pytest.mark.parametrize("shape", [(), (6,), (2, 3), (1, 2, 3, 1), (0, 5)])
def test_every_rank_is_read_in_c_order(tmp_path, shape):
    """Rank 0 has one element; an axis of length 0 has none; a path may be a string."""
    numbers = np.arange(np.prod(shape, dtype=int), dtype=np.uint8)
    path = tmp_path / "file"
    path.write_bytes(idx(0x08, shape, numbers.tobytes()))
    np.testing.assert_array_equal(read_idx(str(path)), numbers.reshape(shape))


MAGIC = "but expected 00 00, one of 08, 09, 0b, 0c, 0d, 0e, and the rank"
DAMAGED = {
    "empty": (b"", rf"has the magic number of no bytes at byte 0, {MAGIC}"),
    "three-bytes": (b"\0\0\x08", rf"has the magic number 00 00 08 at byte 0, {MAGIC}"),
    "text": (b"label,pixel", rf"has the magic number 6c 61 62 65 at byte 0, {MAGIC}"),
    "no-such-kind": (idx(0x0A, (1,), b"1"), rf"has the magic number 00 00 0a 01 at .* {MAGIC}"),
    "cut-in-the-lengths": (
        idx(0x08, (2, 3))[:-1],
        "is cut off: 7 bytes of lengths from byte 4 on, but expected 8, for rank 2",
    ),
    "cut-in-the-elements": (
        idx(0x0C, (2, 3), bytes(23)),
        r"is cut off: 23 bytes of elements from .* 12 on, but expected 24, for .*\(2, 3\) of int32",
    ),
    "trailing": (
        idx(0x08, (2, 3), bytes(7)),
        "has trailing bytes: 7 bytes of elements from byte 12 on, but expected 6",
    ),
    "huge": (
        idx(0x0E, (2**32 - 1,) * 3, bytes(8)),
        "is cut off: 8 bytes of elements from byte 16 on, but expected 633825299671392843",
    ),
    "rank-65": (idx(0x08, (1,) * 65, b"1"), r"has shape \(1, .*, but expected one that NumPy can"),
    "cut-gzip": (gzip.compress(idx(0x08, (2,), b"12"))[:-5], "cannot be uncompressed .*a whole gz"),
    "damaged-gzip": (b"\x1f\x8bnothing", "cannot be uncompressed .*, but expected a whole gzip"),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_file_is_named(tmp_path, name):
    """The error says which file, what is wrong with it, where, and what was expected."""
    content, message = DAMAGED[name]
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ref.FormatError, match=rf"images {message}"):
        read_idx(path)


def test_a_flipped_bit_in_a_compressed_file_is_noticed(tmp_path):
    """The check sum of gzip does not agree."""
    content = bytearray(gzip.compress(idx(0x08, (1000,), bytes(range(250)) * 4)))
    content[-6] ^= 1  # in the check sum itself
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(ref.FormatError, match="uncompressed"):
        read_idx(path)


def test_a_file_that_is_not_there_is_the_callers_error(tmp_path):
    """It is the operating system's own, with the path."""
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_idx(tmp_path / "nowhere")


@pytest.mark.parametrize(("part", "n_each"), [("train", 200), ("t10k", 50)])
def test_the_images_of_clothes(part, n_each):
    """The part of Fashion-MNIST that comes along has as many images of each class."""
    images = read_idx(FASHION / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(FASHION / f"{part}-labels-idx1-ubyte.gz")
    assert images.shape == (10 * n_each, 28, 28)
    assert (images.dtype, labels.dtype) == (np.uint8, np.uint8)
    assert np.bincount(labels).tolist() == [n_each] * 10
    assert (images.min(), images.max()) == (0, 255)


def test_no_image_to_train_on_is_one_to_test_with():
    """All 2,500 images are different."""
    parts = [read_idx(FASHION / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k")]
    assert len({image.tobytes() for image in np.concatenate(parts)}) == 2500


def test_the_images_have_their_licence_beside_them():
    """It names the owner and grants what the MIT licence does."""
    text = (FASHION / "LICENSE").read_text("utf-8")
    assert "Zalando SE" in text
    assert "Permission is hereby granted, free of charge" in text
