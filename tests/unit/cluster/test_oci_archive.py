"""An image in one file: every part is where its digest says, and equal content is an equal image."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from tests.cluster.oci_archive import Image, Layer, write, write_program


def parts(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member)) is not None}


def document(found: dict[str, bytes], descriptor: dict[str, Any]) -> Any:  # Any: a JSON document
    return json.loads(blob(found, descriptor))


def blob(found: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    content = found[f"blobs/{descriptor['digest'].replace(':', '/')}"]
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == descriptor["digest"]
    assert len(content) == descriptor["size"]
    return content


def test_a_program_becomes_an_image_that_runs_it(tmp_path: Path) -> None:
    program = tmp_path / "hello"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    write_program(program, "localhost/hello:1", tmp_path / "image.tar")
    found = parts(tmp_path / "image.tar")
    entry = json.loads(found["index.json"])["manifests"][0]
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/hello:1"
    manifest = document(found, entry)
    config = document(found, manifest["config"])
    assert config["config"]["Entrypoint"] == ["/hello"]
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert len(config["history"]) == len(manifest["layers"])
    with tarfile.open(fileobj=io.BytesIO(blob(found, manifest["layers"][0]))) as layer:
        member = layer.getmember("./hello")
        assert (member.mode, member.mtime, member.uid) == (0o755, 0, 0)


def test_a_layer_lies_where_it_was_placed_and_its_links_stay(tmp_path: Path) -> None:
    folder = tmp_path / "go"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "go").write_text("program")
    (folder / "link").symlink_to("./bin/go")
    write(Image((Layer(folder, "usr/local/go"),)), "localhost/go:1", tmp_path / "image.tar")
    found = parts(tmp_path / "image.tar")
    manifest = document(found, json.loads(found["index.json"])["manifests"][0])
    with tarfile.open(fileobj=io.BytesIO(blob(found, manifest["layers"][0]))) as layer:
        assert "usr/local/go/bin/go" in layer.getnames()
        assert layer.getmember("usr/local/go/link").linkname == "./bin/go"


def test_equal_content_is_an_equal_image(tmp_path: Path) -> None:
    archives = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "b").write_text("2")
        (folder / "a").write_text("1")
        write(Image((Layer(folder),)), "localhost/x:1", tmp_path / f"{name}.tar")
        archives.append(parts(tmp_path / f"{name}.tar"))
    assert archives[0] == archives[1]
