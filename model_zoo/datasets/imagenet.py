"""ImageNet's validation images (Russakovsky et al. 2015): 50,000 images of 1000 classes.

``imagenet``, or ``imagenet-<count>`` for a sample by seed. Only registered users may have the files, so they are found
under ``EDGEBENCH_DATA/imagenet`` and never fetched: either ``val/<synset>/…``, the layout that training scripts use, or
the publisher's two archives.
"""

import re
from pathlib import Path

from model_zoo import class_folders, data_files
from model_zoo.dataset import Dataset
from model_zoo.errors import ZooError
from model_zoo.image_files import Shape

PATTERN = re.compile(r"imagenet(?:-([1-9]\d*))?")
NAMES = "imagenet, imagenet-<count>"
ABOUT = "ImageNet's validation images"
CLASSES = 1000
IMAGES = data_files.Source(
    "ILSVRC2012_img_val.tar", "c7e06a6c0baccf06d8dbeb6577d71efff84673a5dbdd50633ab44f8ea0456ae0"
)
DEVKIT = data_files.Source(
    "ILSVRC2012_devkit_t12.tar.gz", "b59243268c0d266621fd587d2018f69e906fb22875aca0e295b48cafaa927953"
)
_TRUTH, _META = "data/ILSVRC2012_validation_ground_truth.txt", "data/meta.mat"


def is_present(name: str) -> bool:
    """Return whether the images are on this disk, in either layout."""
    folder = data_files.folder("imagenet")
    return (folder / "val").is_dir() or (folder / IMAGES.name).is_file()


def load(name: str, input_shape: Shape) -> Dataset:
    """Return the images, the shorter side resized and the centre cropped to the input.

    Raises:
        ZooError: they are not here, have another digest, or are not those 1000 classes.
    """
    match = PATTERN.fullmatch(name)
    return class_folders.dataset(
        name,
        _listed(),
        None,
        CLASSES,
        input_shape,
        source="ImageNet, ILSVRC 2012, validation (Russakovsky et al. 2015)",
        count=int(match[1]) if match and match[1] else None,
    )


def _listed() -> class_folders.Listed:
    folder = data_files.folder("imagenet") / "val"
    if not folder.is_dir():
        return _of_archives()
    synsets = class_folders.classes_of(folder)
    if len(synsets) != CLASSES:
        raise ZooError(f"{folder}: {len(synsets)} folders of classes; valid: {CLASSES}, one for each synset")
    return class_folders.listed(folder, synsets)


def _of_archives() -> class_folders.Listed:
    """List the publisher's flat archive with the labels of its development kit, as places in the sorted synsets."""
    folder = data_files.unpacked("imagenet", IMAGES, "ILSVRC2012_img_val")
    devkit = data_files.unpacked("imagenet", DEVKIT, "ILSVRC2012_devkit_t12")
    numbers = [int(line) for line in (devkit / _TRUTH).read_text().split()]
    files = sorted(folder.glob("*.JPEG"))
    if len(files) != len(numbers):
        raise ZooError(f"{folder}: {len(files)} images, but {devkit / _TRUTH} has {len(numbers)} labels")
    synset_of = _synsets(devkit / _META)
    place = {synset: index for index, synset in enumerate(sorted(synset_of.values()))}
    return files, [place[synset_of[number]] for number in numbers]


def _synsets(path: Path) -> dict[int, str]:
    """Return the synset of each class number; entries with children are groups of classes, not classes."""
    from scipy.io import loadmat

    entries = loadmat(path, squeeze_me=True)["synsets"]
    return {int(e["ILSVRC2012_ID"]): str(e["WNID"]) for e in entries if int(e["num_children"]) == 0}
