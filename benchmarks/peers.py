"""One other program on the pictures named: its time for each, as JSON. Run by that program's own interpreter.

    PEER_PYTHON benchmarks/peers.py fer|deepface RUNS FILE ...

Stands alone: of the project it imports nothing, so that nothing of it is needed there.
"""

import json
import sys
import time


def fer():
    """fer: Haar cascade and mini-XCEPTION, the weights its package ships."""
    import cv2
    from fer.fer import FER
    detector = FER(mtcnn=False)
    return lambda file: len(detector.detect_emotions(cv2.imread(file)))


def deepface():
    """deepface's finding and aligning alone: its network's weights come from a hub when it is first used."""
    from deepface import DeepFace
    return lambda file: sum(face["confidence"] > 0 for face in DeepFace.extract_faces(
        file, detector_backend="opencv", enforce_detection=False))


def main():
    name, runs, *files = sys.argv[1:]
    read = {"fer": fer, "deepface": deepface}[name]()
    result = {}
    for file in files:
        read(file)
        begun, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(runs)):
            faces = read(file)
        result[file] = {"ms": 1000 * (time.perf_counter() - begun) / int(runs),
                        "cpu_ms": 1000 * (time.process_time() - cpu) / int(runs), "faces": faces}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
