"""Reads a grey PNG (8 or 16 bit, not interlaced) into numpy: Debian's Python has no imaging library by default."""
import struct
import zlib

import numpy


def read_grey(path):
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is no PNG"
    header, data, at = None, b"", 8
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at:at + 8])
        body = content[at + 8:at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", content[at + 8 + length:at + 12 + length])[0]
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            data += body
        at += 12 + length
    columns, rows, depth, colour, _, _, interlaced = header
    assert colour == 0 and interlaced == 0 and depth in (8, 16), header
    size = depth // 8
    lines = numpy.frombuffer(zlib.decompress(data), numpy.uint8).reshape(rows, 1 + columns * size)
    plain = numpy.zeros((rows + 1, columns * size), numpy.uint8)  # row 0 stands above the picture
    for row in range(rows):
        plain[row + 1] = _unfiltered(lines[row, 0], lines[row, 1:], plain[row], size)
    return plain[1:].copy().view(">u2" if size == 2 else ">u1").astype(numpy.uint16)


def _unfiltered(kind, line, above, size):
    if kind == 0:
        return line
    if kind == 1:
        return numpy.add.accumulate(line.reshape(-1, size), axis=0, dtype=numpy.uint8).reshape(-1)
    if kind == 2:
        return line + above
    result = bytearray(line.tobytes())
    up = above.tobytes()
    for i in range(len(result)):
        left, corner = (result[i - size], up[i - size]) if i >= size else (0, 0)
        guess = (left + up[i]) // 2 if kind == 3 else _paeth(left, up[i], corner)
        result[i] = (result[i] + guess) & 255
    return numpy.frombuffer(bytes(result), numpy.uint8)


def _paeth(left, up, corner):
    estimate = left + up - corner
    distances = abs(estimate - left), abs(estimate - up), abs(estimate - corner)
    return (left, up, corner)[distances.index(min(distances))]
