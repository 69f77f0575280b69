"""An RO-Crate (1.1): what the files of an export are, readable by machines."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

from analysis.sweep import Sweep

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
PROFILE = "https://w3id.org/ro/crate/1.1"
METADATA = "ro-crate-metadata.json"
MEDIA_TYPES = {".parquet": "application/vnd.apache.parquet", ".csv": "text/csv", ".svg": "image/svg+xml"}


def crate(
    sweep: Sweep, root: Path, descriptions: dict[str, str], license_url: str | None = None
) -> dict[str, Any]:
    """Return the metadata of every file below ``root``.

    Args:
        sweep: where the files come from.
        root: directory of the export.
        descriptions: what a file is, by its path relative to ``root``.
        license_url: of the data.
    """
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.name != METADATA)
    entities = [_file(path, root, descriptions) for path in files]
    controller = sweep.manifest.get("controller") or {}
    dataset = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"edgebench sweep {sweep.sweep_id}",
        "description": f"Measurements of profile {sweep.manifest.get('profile_name')} on "
        f"{len(sweep.manifest['boards'])} boards",
        "datePublished": sweep.manifest.get("created_utc"),
        "hasPart": [{"@id": entity["@id"]} for entity in entities],
        "license": {"@id": license_url or "#license"},
        "mentions": {"@id": "#measurement"},
    }
    terms = {
        "@id": license_url or "#license",
        "@type": "CreativeWork",
        "name": license_url or "license not stated",
        "description": "the license of this data"
        if license_url
        else "who publishes this data has to state its license",
    }
    action = {
        "@id": "#measurement",
        "@type": "CreateAction",
        "name": "benchmark sweep",
        "startTime": sweep.manifest.get("created_utc"),
        "instrument": {"@id": "#edgebench"},
        "result": [{"@id": entity["@id"]} for entity in entities],
    }
    software = {
        "@id": "#edgebench",
        "@type": "SoftwareApplication",
        "name": "edgebench",
        "version": controller.get("edgebench_version"),
        "softwareVersion": controller.get("git_commit"),
    }
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": {"@id": PROFILE},
        "about": {"@id": "./"},
    }
    return {"@context": CONTEXT, "@graph": [descriptor, dataset, terms, action, software, *entities]}


def _file(path: Path, root: Path, descriptions: dict[str, str]) -> dict[str, Any]:
    name = path.relative_to(root).as_posix()
    media_type = (
        MEDIA_TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    )
    return {
        "@id": name,
        "@type": "File",
        "name": path.name,
        "description": descriptions.get(name, "figure of the report" if path.suffix == ".svg" else name),
        "encodingFormat": media_type,
        "contentSize": str(path.stat().st_size),
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
