"""Data sets of image files: found, fetched by digest, decoded, fitted, split and labelled."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from model_zoo import cache_key, catalogue, data_files, dataset, download, image_files
from model_zoo.datasets import imagenet, imagenetv2
from model_zoo.errors import ZooError

SHAPE = (1, 3, 16, 16)
COLOURS = {"blue": (0, 0, 250), "green": (0, 250, 0), "red": (250, 0, 0)}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(data_files.VARIABLE, str(tmp_path / "data"))
    monkeypatch.setattr(download, "_unreachable", {})
    return tmp_path / "data"


def picture(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 24)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def colours(folder: Path, each: int = 20) -> None:
    for name, colour in COLOURS.items():
        for number in range(each):
            picture(folder / name / f"{number}.png", colour)


def test_a_folder_of_classes_is_measured_with_its_labels(data: Path) -> None:
    colours(data / "flags")
    found = dataset.load("folder-flags", SHAPE)
    assert (found.images.shape, found.classes) == ((8, 16, 16, 3), 3)
    assert len(found.held_out) == 20 and len(found.calibration) == 32
    assert found.labels is not None
    expected = np.array(list(COLOURS.values()))[found.labels]
    np.testing.assert_array_equal(found.images[:, 8, 8], expected)


def test_a_folder_with_a_split_measures_the_test_part_and_calibrates_with_the_other(data: Path) -> None:
    colours(data / "flags" / "test", each=3)
    colours(data / "flags" / "train", each=20)
    found = dataset.load("folder-flags", SHAPE)
    assert (len(found.images), len(found.held_out), len(found.calibration)) == (9, 20, 32)


def test_images_are_prepared_once_and_again_when_a_file_changes(data: Path) -> None:
    colours(data / "flags")
    before, key = dataset.load("folder-flags", SHAPE), dataset.fingerprint("folder-flags")
    assert isinstance(before.images, np.memmap)
    assert dataset.load("folder-flags", SHAPE).prepared_in == before.prepared_in
    picture(data / "flags" / "red" / "0.png", (1, 2, 3), size=(99, 99))
    assert dataset.load("folder-flags", SHAPE).prepared_in != before.prepared_in
    assert dataset.fingerprint("folder-flags") != key


def test_the_build_key_depends_on_the_files_of_a_folder(data: Path) -> None:
    colours(data / "flags")
    (model,) = catalogue.with_datasets(
        [catalogue.load()["vgg16_horses_or_humans"]], ["classification=folder-flags"]
    )
    key = partial(cache_key.key, model, "fp32", "fp32", "onnx", 17, "seeded_random")
    before = key()
    picture(data / "flags" / "red" / "0.png", (1, 2, 3), size=(99, 99))
    cache_key._fingerprint.cache_clear()
    assert key() != before


def test_the_centre_is_cropped_and_a_stretched_image_is_whole(tmp_path: Path) -> None:
    pixels = np.zeros((64, 128, 3), np.uint8)
    pixels[:, 32:96] = 255
    Image.fromarray(pixels).save(tmp_path / "bar.png")
    assert image_files.decode(tmp_path / "bar.png", (16, 16, 3), crop=True).min() == 255
    stretched = image_files.decode(tmp_path / "bar.png", (16, 16, 1), crop=False)
    assert stretched.shape == (16, 16, 1)
    np.testing.assert_array_equal(stretched[8, [0, 8, 15], 0], [0, 255, 0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, r"flags: no such directory \(EDGEBENCH_DATA\)"),
        (lambda folder: folder.mkdir(parents=True), "flags: no classes found; valid: one folder of images"),
        (lambda folder: (folder / "red").mkdir(parents=True), "red: no images of class 'red'; valid: files"),
        (partial(colours, each=4), "folder-flags: 12 images; at least 53 are needed"),
        (
            lambda folder: (colours(folder), (folder / "red" / "3.png").write_bytes(b"\x89PNG broken")),
            r"red/3.png: not an image that can be decoded",
        ),
    ],
)
def test_a_wrong_folder_is_one_clear_error(data: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    make(data / "flags")
    with pytest.raises(ZooError, match=message):
        dataset.load("folder-flags", SHAPE)


@pytest.fixture
def small_imagenetv2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The archive with 12 classes: 10 and 11 come before 2 where names are sorted as text."""
    monkeypatch.setattr(imagenetv2, "CLASSES", 12)
    inside = tmp_path / "made" / imagenetv2.FOLDER
    for label in range(12):
        for number in range(6):
            picture(inside / str(label) / f"{number}.png", (label * 20, 0, 0))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(inside, arcname=imagenetv2.FOLDER)
    return buffer.getvalue()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    httpd = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_imagenetv2_is_fetched_by_digest_and_its_classes_are_numbers(
    server: str, tmp_path: Path, small_imagenetv2: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = imagenetv2.ARCHIVE.name
    (tmp_path / "served" / name).write_bytes(small_imagenetv2)
    digest = hashlib.sha256(small_imagenetv2).hexdigest()
    monkeypatch.setattr(imagenetv2, "ARCHIVE", data_files.Source(name, digest, f"{server}/{name}"))
    assert not dataset.is_present("imagenetv2")
    found = dataset.load("imagenetv2-15", SHAPE)
    assert found.labels is not None and len(found.images) == 15
    np.testing.assert_allclose(found.images[:, 8, 8, 0], found.labels * 20, atol=1)
    assert dataset.is_present("imagenetv2")


def test_another_file_at_the_address_stops_with_both_digests(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = imagenetv2.ARCHIVE.name
    (tmp_path / "served" / name).write_bytes(b"something else")
    source = data_files.Source(name, "0" * 64, f"{server}/{name}")
    monkeypatch.setattr(imagenetv2, "ARCHIVE", source)
    found = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(ZooError, match=f"expected {'0' * 64}, found {found}"):
        dataset.load("imagenetv2", SHAPE)


def test_without_a_network_the_error_says_where_the_file_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    name = imagenetv2.ARCHIVE.name
    source = data_files.Source(name, "0" * 64, f"http://127.0.0.1:1/{name}")
    monkeypatch.setattr(imagenetv2, "ARCHIVE", source)
    with pytest.raises(data_files.AbsentError, match=r"no such file, and it cannot be fetched: .*refused"):
        dataset.load("imagenetv2", SHAPE)


@pytest.mark.parametrize("damage", [lambda b: b[:200], lambda b: b"not an archive"])
def test_a_damaged_archive_is_refused_and_leaves_nothing(
    data: Path, small_imagenetv2: bytes, damage, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    content = damage(small_imagenetv2)
    source = data_files.Source("set.tar.gz", hashlib.sha256(content).hexdigest())
    (data / "imagenetv2").mkdir(parents=True)
    (data / "imagenetv2" / "set.tar.gz").write_bytes(content)
    monkeypatch.setattr(imagenetv2, "ARCHIVE", source)
    with pytest.raises(ZooError, match=r"set\.tar\.gz: cannot be unpacked"):
        dataset.load("imagenetv2", SHAPE)
    assert not (data / "imagenetv2" / imagenetv2.FOLDER).exists()


def test_a_name_that_leads_out_of_the_archive_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        member = tarfile.TarInfo("../../escaped")
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    (data / "imagenetv2").mkdir(parents=True)
    (data / "imagenetv2" / "set.tar.gz").write_bytes(buffer.getvalue())
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    monkeypatch.setattr(imagenetv2, "ARCHIVE", data_files.Source("set.tar.gz", digest))
    with pytest.raises(ZooError, match="leads out of the archive"):
        dataset.load("imagenetv2", SHAPE)
    assert not (data.parent / "escaped").exists()


def test_imagenet_in_its_publishers_archives_has_the_labels_of_its_sorted_synsets(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Class numbers of the development kit are in no order; a number may be a group of classes."""
    from scipy.io import savemat

    synset_of = {1: "n02", 2: "n03", 3: "n01", 4: "n00"}
    kind = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("num_children", "O")]
    entries = np.array([(n, s, 3 * (n == 4)) for n, s in synset_of.items()], dtype=kind)
    numbers = [1 + index % 3 for index in range(60)]
    devkit = data / "imagenet" / "ILSVRC2012_devkit_t12" / "data"
    devkit.mkdir(parents=True)
    savemat(devkit / "meta.mat", {"synsets": entries})
    (devkit / "ILSVRC2012_validation_ground_truth.txt").write_text("\n".join(map(str, numbers)))
    images = data / "imagenet" / "ILSVRC2012_img_val"
    for index, number in enumerate(numbers):
        picture(images / f"ILSVRC2012_val_{index + 1:08}.JPEG", (80 * number, 0, 0))
    found = dataset.load("imagenet", SHAPE)
    assert found.labels is not None
    place_of = {1: 1, 2: 2, 3: 0}  # n01, n02, n03 without the group n00
    for image, label in zip(found.images, found.labels, strict=True):
        assert label == place_of[round(int(image[8, 8, 0]) / 80)]


def test_imagenet_as_folders_of_synsets_must_have_all_of_them(data: Path) -> None:
    colours(data / "imagenet" / "val")
    assert imagenet.is_present("imagenet")
    with pytest.raises(ZooError, match="3 folders of classes; valid: 1000"):
        dataset.load("imagenet", SHAPE)


def test_a_profile_chooses_the_data_set_of_models_whose_entry_names_none() -> None:
    models = catalogue.load()
    chosen = catalogue.with_datasets(
        [models["resnet50"], models["digits_cnn"], models["yolov5n"]], ["classification=imagenet"]
    )
    assert [model.dataset for model in chosen] == ["imagenet", "digits", "synthetic_640"]


@pytest.mark.parametrize(
    ("pair", "message"),
    [("imagenet", "valid: <task>=<name>"), ("classification=imagenot", "dataset: unknown 'imagenot'")],
)
def test_a_wrong_choice_of_data_set_says_what_is_valid(pair: str, message: str) -> None:
    with pytest.raises(ZooError, match=message):
        catalogue.with_datasets([], [pair])
