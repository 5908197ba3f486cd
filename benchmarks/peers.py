"""Time another program on image files and print the results as JSON. Runs in that program's environment.

    PEER_PYTHON benchmarks/peers.py fer|deepface RUNS FILE ...

Imports nothing from this project, so the environment needs only the other program: `pip install fer`, or `pip install
deepface tf-keras flask "opencv-python<5"` (deepface 0.0.103 imports flask and its detector is not in OpenCV 5).
"""

import json
import sys
import time


def fer():
    """fer: Haar cascade and mini-XCEPTION with the weights in its package."""
    import cv2
    from fer.fer import FER
    detector = FER(mtcnn=False)
    return lambda file: len(detector.detect_emotions(cv2.imread(file)))


def deepface():
    """deepface: detection and alignment only, because it downloads its expression network on first use."""
    from deepface import DeepFace
    return lambda file: sum(face["confidence"] > 0 for face in DeepFace.extract_faces(
        file, detector_backend="opencv", enforce_detection=False))


def main():
    name, runs, *files = sys.argv[1:]
    read = {"fer": fer, "deepface": deepface}[name]()
    result = {}
    for file in files:
        read(file)
        started, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(runs)):
            faces = read(file)
        result[file] = {"ms": 1000 * (time.perf_counter() - started) / int(runs),
                        "cpu_ms": 1000 * (time.process_time() - cpu) / int(runs), "faces": faces}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
