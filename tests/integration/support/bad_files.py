"""Files that no honest modality makes. Each function takes a good data set and a path, and writes a bad file."""
import struct

import numpy
import pydicom
from pydicom.encaps import encapsulate

from support import files

JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"
JPEG_LS = "1.2.840.10008.1.2.4.80"
RLE = "1.2.840.10008.1.2.5"


def without_pixels(dataset, path):
    del dataset.PixelData
    return files.save(dataset, path)


def absurd_size(dataset, path):
    """65535 x 65535 pixels in a few kilobytes."""
    dataset.Rows = dataset.Columns = 65535
    dataset.PixelData = bytes(4096)
    return files.save(dataset, path)


def no_size(dataset, path):
    dataset.Rows = dataset.Columns = 0
    return files.save(dataset, path)


def short_pixels(dataset, path):
    dataset.PixelData = dataset.PixelData[:len(dataset.PixelData) // 2 // 2 * 2]
    return files.save(dataset, path)


def strange_bits(dataset, path):
    dataset.BitsStored, dataset.HighBit, dataset.BitsAllocated = 33, 64, 16
    return files.save(dataset, path)


def without_spacing(dataset, path):
    for keyword in ("ImagerPixelSpacing", "PixelSpacing"):
        if keyword in dataset:
            delattr(dataset, keyword)
    return files.save(dataset, path)


def black(dataset, path):
    """No breast in it."""
    dataset.PixelData = bytes(len(dataset.PixelData))
    return files.save(dataset, path)


def garbage_in(syntax):
    """Encapsulated pixel data of random bytes: no codestream at all."""
    def write(dataset, path):
        noise = numpy.random.default_rng(7).integers(0, 256, 40000).astype("u1").tobytes()
        dataset.PixelData = encapsulate([noise])
        dataset["PixelData"].is_undefined_length = True
        dataset["PixelData"].VR = "OB"
        dataset.file_meta.TransferSyntaxUID = syntax
        return files.save(dataset, path)
    return write


def cut_fragment(encoded, path):
    """An encoded file whose codestream ends in the middle; lengths and delimiters are right."""
    dataset = pydicom.dcmread(encoded)
    frame = b"".join(pydicom.encaps.decode_data_sequence(dataset.PixelData))
    dataset.PixelData = encapsulate([frame[:len(frame) // 2 // 2 * 2]])
    dataset["PixelData"].is_undefined_length = True
    return files.save(dataset, path)


def nested_data_set(good, levels):
    """A data set in Explicit VR Little Endian with a sequence in a sequence in a sequence ...; 10,000 levels crash
    recursive parsers."""
    content = files.data_set_bytes(good)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    opening = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, 0xFFFFFFFF) + item
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    before = content.index(struct.pack("<HH", 0x0010, 0x0010))  # (0008,1140) comes before the patient's name
    return content[:before] + opening * levels + closing * levels + content[before:]


def nested_command_set(levels):
    """A command set that is a sequence in a sequence ... where only flat elements are allowed (PS3.7 6.3.1)."""
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    opening = struct.pack("<HHI", 0x0008, 0x1140, 0xFFFFFFFF) + item
    closing = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return struct.pack("<HHII", 0, 0, 4, 0) + opening * levels + closing * levels
