"""Metadata, dependencies and the console script."""

from pathlib import Path

from setuptools import find_packages, setup

FOLDERS = ("data", "experiments", "losses", "models", "reproduce", "weighting")
PACKAGE = "selfsup_segmentation"

setup(
    name="selfsup-segmentation",
    version="0.1.0",
    description="Keras reproduction of 'Boosting semantic segmentation with multi-task self-supervised "
    "learning for autonomous driving applications' (Novosel, Viswanath, Arsenali, 2019)",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    # The folders are imported as one package: a user's own models/ or data/ is another thing.
    package_dir={PACKAGE: "."},
    packages=[
        f"{PACKAGE}.{folder}"
        for folder in find_packages(include=[pattern for name in FOLDERS for pattern in (name, f"{name}.*")])
    ],
    package_data={
        f"{PACKAGE}.reproduce.check": ["reference.json"],
        f"{PACKAGE}.reproduce.report": ["templates/*"],
    },
    python_requires=">=3.10,<3.14",
    install_requires=[
        "cityscapesScripts>=2.2.4,<2.4",
        "image-classifiers==1.0.0",
        "jinja2>=3.1.4,<4",
        "keras>=3.12,<3.16",
        "matplotlib>=3.8,<4",
        "numpy>=1.26,<2.4",  # cityscapesScripts 2.3 calls np.in1d, which numpy 2.4 removed
        "pillow>=10,<14",
        "scikit-image>=0.22,<0.27",
        "scipy>=1.11,<2",
        "segmentation-models==1.0.1",
        "tensorboard>=2.19,<2.22",
        "tensorflow>=2.21,<2.22",
        "tqdm>=4.66,<5",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "bench": [  # benchmarks/; torchvision comes with it and needs torch of the same build
            "pyperf>=2.8,<3",
            "segmentation-models-pytorch>=0.5,<0.7",
            "torch>=2.6,<3",
        ],
        "cluster": ["ray>=2.60,<3"],  # --executor ray
        "export": [  # reproduce export --format onnx|tflite
            "ai-edge-litert>=2.1,<3",
            "onnx>=1.17,<2",
            "onnxruntime>=1.20,<2",
            "tf2onnx>=1.17,<1.18",
        ],
        "oracles": ["torchjd==0.18.0"],  # compares weightings with it in the tests; comes with torch
        "docs": ["mkdocs>=1.6,<2", "mkdocs-material>=9.6,<10"],
        "dev": [
            "hypothesis>=6.100,<7",
            "import-linter>=2.1,<3",
            "playwright>=1.49,<2",  # drives the system's Chromium; its own browsers are not needed
            "pre-commit>=3.7,<5",
            "pyperf>=2.8,<3",  # tests/test_benchmarks.py
            "pytest-xdist>=3.7,<4",
            "pytest>=8,<10",
            "ruff>=0.9,<0.18",
            "tf_keras>=2.19,<2.22",  # writes weights as Keras 2 did, to test that they load
        ],
    },
    entry_points={"console_scripts": [f"reproduce = {PACKAGE}.reproduce.__main__:main"]},
)
