"""The embedded street scenes: geometry against closed forms, files against the official readers."""

import json

import numpy as np
import pytest
from cityscapesscripts.evaluation.instances2dict import instances2dict
from cityscapesscripts.helpers.csHelpers import getCsFileInfo
from cityscapesscripts.helpers.labels import id2label, name2label

from selfsup_segmentation.data.errors import InputError
from selfsup_segmentation.data.layouts import CITYSCAPES, KITTI
from selfsup_segmentation.data.scenes import (
    CITYSCAPES_RIG,
    KITTI_RIG,
    render_scene,
    write_cityscapes,
    write_kitti,
)
from selfsup_segmentation.data.scenes.rig import View
from selfsup_segmentation.data.scenes.shapes import Block, Cylinder, Ellipsoid
from tests.data import pixels

SIZE = (384, 192)
FRAMES = range(4)
COUNTS = {"train": 5, "val": 2, "test": 2, "train_extra": 3}
SMALL = (128, 64)


@pytest.fixture(scope="module")
def scenes():
    return [render_scene(0, "train", index, SIZE) for index in FRAMES]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("cityscapes")
    write_cityscapes(root, COUNTS, size=SMALL, seed=3, processes=1)
    return root


def contents(root):
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def fields(scene):
    return vars(scene).values()


def warp(right, disparity):
    """Right image sampled at x - d, bilinear, clamped: an implementation apart from `losses`."""
    height, width, _ = right.shape
    x = np.clip(np.arange(width) - disparity, 0, width - 1)
    low = np.minimum(x.astype(int), width - 2)
    share = (x - low)[..., None]
    row = np.arange(height)[:, None]
    return right[row, low] * (1 - share) + right[row, low + 1] * share


# Determinism


def test_frame_is_a_function_of_seed_split_index(scenes):
    again = render_scene(0, "train", 2, SIZE)
    assert all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        for a, b in zip(fields(scenes[2]), fields(again), strict=True)
    )


@pytest.mark.parametrize("other", [(1, "train", 2), (0, "val", 2), (0, "train", 8)])
def test_other_arguments_give_other_frames(scenes, other):
    assert np.mean(render_scene(*other, SIZE).left != scenes[2].left) > 0.5


def test_world_does_not_depend_on_size(scenes):
    large = render_scene(0, "train", 1, (2 * SIZE[0], 2 * SIZE[1]))
    inner = slice(4, -4)  # pixel (x, y) looks where (2x, 2y) looks; the border is one pixel wide in both
    assert np.mean(large.labels[::2, ::2][inner, inner] == scenes[1].labels[inner, inner]) > 0.99
    disparity = large.disparity[::2, ::2][inner, inner] / 2 - scenes[1].disparity[inner, inner]
    assert np.nanmedian(np.abs(disparity)) < 1e-4


def test_views_have_noise_of_their_own(scenes):
    for scene in scenes:
        sky = (scene.disparity == 0) & ~scene.occluded  # no parallax: the same colour but for the noise
        difference = (scene.left.astype(float) - scene.right)[sky]
        assert np.median(np.abs(difference)) in (1, 2)
        assert abs(np.median(difference)) < 0.5


# Arrays


def test_shapes_and_dtypes(scenes):
    width, height = SIZE
    for scene in scenes:
        expected = [np.uint8, np.uint8, np.uint8, np.uint16, np.float32, bool]
        assert [array.dtype for array in fields(scene)] == expected
        shapes = [(height, width, 3)] * 2 + [(height, width)] * 4
        assert [array.shape for array in fields(scene)] == shapes


def test_all_classes_occur_and_no_frame_lacks_the_common_ones():
    seen = set()
    for index in range(50):
        ids = set(np.unique(render_scene(0, "train", index, (192, 96)).labels).tolist())
        names = {id2label[i].name for i in ids}
        assert {"road", "sidewalk", "building", "vegetation", "sky", "ego vehicle", "out of roi"} <= names
        seen |= ids
    assert {id2label[i].trainId for i in seen} >= set(range(19)) | {255}


def test_instances_refine_labels(scenes):
    for scene in scenes:
        things = scene.instances >= 1000
        label = np.where(things, scene.instances // 1000, scene.instances)
        assert np.array_equal(label, scene.labels)
        for i in np.unique(scene.labels).tolist():
            assert np.all(things[scene.labels == i] == id2label[i].hasInstances)
            if id2label[i].hasInstances:
                numbers = np.unique(scene.instances[scene.labels == i]) - i * 1000
                assert numbers.max() < 1000
    cars = [np.unique(s.instances[s.labels == name2label["car"].id]).size for s in scenes]
    assert max(cars) > 2


def test_colour_alone_does_not_tell_the_class(scenes):
    """Nearest class mean on colour is far from perfect, yet far better than chance."""
    colors = np.concatenate([s.left.reshape(-1, 3) for s in scenes]).astype(float)
    labels = np.concatenate([s.labels.ravel() for s in scenes])
    names = ("road", "sidewalk", "building", "vegetation", "sky", "car")
    chosen = [name2label[name].id for name in names]
    means = np.stack([colors[labels == i].mean(0) for i in chosen])
    guess = np.argmin(((colors[:, None] - means) ** 2).sum(-1), -1)
    recall = [np.mean(guess[labels == i] == k) for k, i in enumerate(chosen)]
    assert 0.3 < np.mean(recall) < 0.75


# Stereo geometry


@pytest.mark.parametrize("index", FRAMES)
def test_right_warped_by_disparity_is_left(scenes, index):
    scene = scenes[index]
    disparity = np.nan_to_num(scene.disparity)
    x = np.arange(SIZE[0])
    valid = (scene.disparity > 0) & ~scene.occluded & (x - disparity >= 0) & (x + disparity <= SIZE[0] - 1)
    left, right = scene.left.astype(float), scene.right.astype(float)
    error = [np.abs(warp(right, d) - left).mean(-1)[valid] for d in (disparity, 0, -disparity)]
    correct, unmoved, wrong = map(np.median, error)
    assert correct < 2.5  # grey levels: the noise of two images and little else
    assert correct < 0.6 * unmoved < wrong
    assert error[0].mean() < 0.35 * min(error[1].mean(), error[2].mean())


@pytest.mark.parametrize(("rig", "size"), [(CITYSCAPES_RIG, SIZE), (KITTI_RIG, (318, 96))])
def test_ground_disparity_has_the_closed_form(rig, size):
    scene = render_scene(0, "train", 5, size, rig)
    scaled = rig.scaled(size)
    ground = [name2label[n].id for n in ("road", "sidewalk", "terrain")]
    rows = np.linspace(0.62, 0.85, 6) * size[1]
    for v in rows.astype(int):
        on_ground = np.isin(scene.labels[v], ground)
        assert on_ground.any()
        # A ray (·, vn, 1) of a camera tilted by θ meets the ground at Z = h / (vn cos θ + sin θ).
        vn = (v - scaled.v0) / scaled.focal
        depth = rig.camera_height / (vn * np.cos(rig.pitch) + np.sin(rig.pitch))
        expected = scaled.focal * rig.baseline / depth
        np.testing.assert_allclose(scene.disparity[v][on_ground], expected, rtol=1e-4)


def test_horizon_of_the_cityscapes_rig():
    """SPEC: at 1024 × 512 the horizon is at row 213.6 and the bottom row reaches 51 px."""
    rig = CITYSCAPES_RIG.scaled((1024, 512))
    assert rig.v0 - rig.focal * np.tan(rig.pitch) == pytest.approx(213.6, abs=0.1)
    up = View.of(rig, 0.0).upward[-1, 0]
    assert rig.disparity_of_one_metre * -up / rig.camera_height == pytest.approx(51.0, abs=0.2)


def test_what_has_no_disparity(scenes):
    for scene in scenes:
        unknown = np.isin(scene.labels, [name2label[n].id for n in ("ego vehicle", "out of roi")])
        assert np.array_equal(np.isnan(scene.disparity), unknown)
        assert np.array_equal(scene.disparity == 0, scene.labels == name2label["sky"].id)
        assert not scene.occluded[unknown].any()
        assert np.nanmin(scene.disparity) >= 0
        assert np.nanmax(scene.disparity) < 40


def test_occluded_pixels_have_something_nearer_in_front(scenes):
    """Forward projection of the left view finds what hides the occluded pixels, and nothing elsewhere."""
    width = SIZE[0]
    for scene in scenes:
        disparity = np.where(scene.labels == name2label["ego vehicle"].id, np.inf, scene.disparity)
        found = explained = clear = free = 0
        for row, hidden in zip(disparity, scene.occluded, strict=True):
            known = np.isfinite(row)
            target = np.arange(width) - np.where(known, row, 0)
            front = np.full(width + 2, -1.0)  # largest disparity that lands on each right column
            for side in (np.floor, np.ceil):
                column = side(target).astype(int)
                inside = known & (column >= 0)
                np.maximum.at(front, column[inside], row[inside])
            front[:width][np.isinf(row)] = np.inf  # the bonnet is at the same place in both views
            nearest = np.rint(target).astype(int)
            nearer = (target < -0.5) | (front[np.maximum(nearest, 0)] > row + 0.45)
            found, explained = found + hidden.sum(), explained + (hidden & nearer).sum()
            clear, free = clear + (known & ~hidden).sum(), free + (known & ~hidden & ~nearer).sum()
        assert found > 100
        assert explained > 0.9 * found  # the rest hides behind what only the right camera sees
        assert free > 0.98 * clear


def test_left_edge_is_out_of_the_right_view(scenes):
    outside = np.arange(SIZE[0]) - scenes[0].disparity < -0.5
    assert outside.any()
    assert scenes[0].occluded[outside].all()


def test_shapes_are_hit_where_geometry_says():
    rays = View.of(CITYSCAPES_RIG, 0.0).rays(slice(513, 514), slice(1097, 1098))
    level = rays._replace(oz=1.0, dx=rays.dx * 0, dy=rays.dy * 0 + 1, dz=rays.dz * 0)  # straight ahead
    for shape, depth in (
        (Block((-1, 5, 0), (1, 9, 2)), 5.0),
        (Block((-1, 5, 0), (1, 9, 2), (0, 2, 0)), 6.0),  # the rear leans 2 m over 2 m: half way up 1 m
        (Cylinder(0.5, 3.0), 9.5),
        (Ellipsoid((1.0, 2.0, 3.0)), 10 - 2 * np.sqrt(1 - 1 / 9)),
    ):
        near = level if isinstance(shape, Block) else level._replace(oy=-10.0)
        t, _ = shape.intersect(near)
        assert np.asarray(t).item() == pytest.approx(depth, rel=1e-5)
        missed, _ = shape.intersect(near._replace(ox=3.0))
        assert np.isinf(missed).all()


# Files


def test_written_files_decode_to_the_arrays(written):
    scene = render_scene(3, "val", 1, SMALL)
    frame = CITYSCAPES.find_frames(written, "val", ("right", "labels", "instances", "disparity", "camera"))
    frame = next(f for f in frame if f.name.startswith("eibenstein"))  # the second city of val
    for path, array in (
        (frame.left, scene.left),
        (frame.right, scene.right),
        (frame.labels, scene.labels),
        (frame.instances, scene.instances),
    ):
        assert np.array_equal(pixels(path), array)
    coded = pixels(frame.disparity)
    assert coded.dtype == np.uint16
    assert coded.max() > 255
    assert np.array_equal(coded == 0, np.isnan(scene.disparity))
    assert np.nanmax(np.abs((coded.astype(float) - 1) / 256 - scene.disparity)) <= 0.5 / 256 + 1e-6
    camera = json.loads(frame.camera.read_text())
    assert set(camera["extrinsic"]) == {"baseline", "pitch", "roll", "x", "y", "yaw", "z"}
    assert camera["intrinsic"]["fx"] == pytest.approx(2262.52 * 128 / 2048)
    assert camera["extrinsic"]["baseline"] == 0.209313


def test_color_file_has_the_official_palette(written):
    path = next(written.rglob("*_gtFine_color.png"))
    ids = np.unique(pixels(str(path).replace("color", "labelIds"))).tolist()
    colors = np.unique(pixels(path).reshape(-1, 3), axis=0).tolist()
    assert {id2label[i].color for i in ids} == set(map(tuple, colors))


def test_names_are_official_ones(written):
    cities = {}
    for path in written.rglob("*_*"):
        if path.is_dir() or path.name.startswith("scenes"):
            continue
        info, split = getCsFileInfo(str(path)), path.parent.parent.name
        assert info.city == path.parent.name
        assert (len(info.sequenceNb), len(info.frameNb)) == (6, 6)
        assert info.type == path.parts[-4] == path.relative_to(written).parts[0]
        cities.setdefault(split, set()).add(info.city)
    assert set(cities) == set(COUNTS)
    assert len(set.union(*cities.values())) == sum(map(len, cities.values()))


def test_each_split_has_its_parts(written):
    for split, count in COUNTS.items():
        parts = {path.stem.split("_", 3)[-1] for path in written.glob(f"*/{split}/*/*")}
        wanted = {"leftImg8bit", "rightImg8bit"}
        if split != "test":
            wanted |= {"disparity", "camera"}
        if split in ("train", "val"):
            wanted |= {"gtFine_labelIds", "gtFine_instanceIds", "gtFine_color"}
        assert parts == wanted
        assert len(list(written.glob(f"leftImg8bit/{split}/*/*"))) == count


def test_official_code_reads_the_instances(written):
    path = str(sorted(written.rglob("*_gtFine_instanceIds.png"))[0])
    found = instances2dict([path])[path]
    assert found["road"][0]["instID"] == name2label["road"].id
    assert all(car["instID"] // 1000 == name2label["car"].id for car in found["car"])
    assert sum(i["pixelCount"] for kind in found.values() for i in kind) == SMALL[0] * SMALL[1]


def test_same_bytes_from_several_processes_and_a_larger_count(written, tmp_path):
    calls = []
    counts = {**COUNTS, "train": 6}
    write_cityscapes(tmp_path, counts, SMALL, 3, processes=2, progress=lambda *call: calls.append(call))
    total = sum(counts.values())
    assert calls == [(done, total) for done in range(total + 1)]
    here, there = contents(tmp_path), contents(written)
    del here["scenes.json"], there["scenes.json"]
    assert there.items() <= here.items()
    assert len(here) == len(there) + 7


def test_repeated_call_completes_what_is_missing(tmp_path):
    write_cityscapes(tmp_path, {"train": 3}, SMALL, processes=1)
    before = contents(tmp_path)
    victims = [*tmp_path.rglob("*_leftImg8bit.png")][:2] + [*tmp_path.rglob("*_disparity.png")][2:]
    kept = next(tmp_path.rglob("*_rightImg8bit.png"))
    stamp = kept.stat().st_mtime_ns
    for path in [*victims, tmp_path / "scenes.json"]:
        path.unlink()
    (tmp_path / "scenes.incomplete.json").write_bytes(before["scenes.json"])  # as an interruption leaves it
    with pytest.raises(InputError, match="seed 0, not 1"):
        write_cityscapes(tmp_path, {"train": 3}, SMALL, seed=1, processes=1)
    calls = []
    write_cityscapes(tmp_path, {"train": 3}, SMALL, processes=1, progress=lambda *call: calls.append(call))
    assert contents(tmp_path) == before
    assert len(calls) < 4 + 1
    assert kept.stat().st_mtime_ns == stamp


def test_marker_counts_what_is_there(tmp_path):
    for counts in ({"train": 2}, {"train": 1, "val": 1}):
        write_cityscapes(tmp_path, counts, SMALL, processes=1)
    marker = json.loads((tmp_path / "scenes.json").read_text())
    assert marker["counts"] == {"train": 2, "val": 1}
    assert (marker["seed"], marker["size"], marker["layout"]) == (0, [128, 64], "cityscapes")


def test_other_contents_of_the_folder_are_refused(written, tmp_path):
    for arguments in ((COUNTS, (64, 32), 3), (COUNTS, SMALL, 4)):
        with pytest.raises(InputError, match="another folder") as error:
            write_cityscapes(written, *arguments)
        assert str(written) in str(error.value)
    with pytest.raises(InputError, match="layout"):
        write_kitti(written, 1, SMALL, 3)
    (tmp_path / "leftImg8bit").mkdir()  # a real data set must never be mixed with scenes
    with pytest.raises(InputError, match="not street scenes"):
        write_cityscapes(tmp_path, {"train": 1}, SMALL)


@pytest.mark.parametrize(
    ("counts", "size", "seed", "processes"),
    [
        ({"train": 0}, SMALL, 0, 1),
        ({}, SMALL, 0, 1),
        ({"training": 1}, SMALL, 0, 1),
        ({"train": 1}, (127, 64), 0, 1),
        ({"train": 1}, (32, 16), 0, 1),
        ({"train": 1}, SMALL, -1, 1),
        ({"train": 1}, SMALL, 0, 0),
    ],
)
def test_bad_arguments_leave_nothing_behind(tmp_path, counts, size, seed, processes):
    with pytest.raises(InputError):
        write_cityscapes(tmp_path / "out", counts, size, seed, processes)
    assert not (tmp_path / "out").exists()


def test_kitti_layout(tmp_path):
    size = (318, 96)
    write_kitti(tmp_path, 5, size, seed=2, processes=1)
    frames = KITTI.find_frames(tmp_path, "train", ("right", "labels", "disparity", "camera"))
    assert [frame.name for frame in frames] == [f"{i:06d}_10" for i in range(4)]
    scene = render_scene(2, "training", 1, size, KITTI_RIG)
    frame = frames[1]
    for path, array in ((frame.left, scene.left), (frame.right, scene.right), (frame.labels, scene.labels)):
        assert np.array_equal(pixels(path), array)
    everything = pixels(frame.disparity)
    visible = pixels(str(frame.disparity).replace("disp_occ_0", "disp_noc_0"))
    assert everything.dtype == visible.dtype == np.uint16
    assert everything.max() > 255
    assert np.array_equal(everything, np.rint(scene.disparity * 256))
    assert np.array_equal(visible, np.where(scene.occluded, 0, everything))
    assert not np.isin(scene.labels, [name2label["ego vehicle"].id, name2label["out of roi"].id]).any()
    lines = dict(line.split(": ") for line in frame.camera.read_text().splitlines())
    left, right = (np.array(lines[f"P_rect_{c}"].split(), float).reshape(3, 4) for c in ("02", "03"))
    assert left[0, 0] == pytest.approx(721.5377 * 318 / 1242, rel=1e-6)
    assert (left[0, 3] - right[0, 3]) / left[0, 0] == pytest.approx(0.5327, rel=1e-5)
