// What parses bytes from outside, one function a parser: takes any bytes, must return. Run by libFuzzer
// (preset `fuzz`) and, over the kept corpus, by the ordinary tests. One thread; the first call initialises
// the libraries.
#pragma once

#include <span>

namespace calcnode::fuzz {

using Bytes = std::span<const unsigned char>;

void associate(Bytes input);    // A-ASSOCIATE-RQ: peek, parse, negotiate; A-ASSOCIATE-AC and -RJ
void association(Bytes input);  // all that a peer sends on one connection, through AssociationServer
void message(Bytes input);      // a command set; data sets of storage commitment in each uncompressed syntax
void dataset(Bytes input);      // a stored file: scan, header, head of a spool file
void mammogram(Bytes input);    // a stored file: decoded, by whatever codec its transfer syntax names
void codecs(Bytes input);       // JPEG 2000, RLE and JPEG frame header without a file around them
void config(Bytes input);       // a configuration file
void http(Bytes input);         // the target of an HTTP request, its query, an If-None-Match

struct Target {
    const char* name;
    void (*run)(Bytes);
};

inline constexpr Target kTargets[] = {
    {"associate", associate}, {"association", association}, {"message", message}, {"dataset", dataset},
    {"mammogram", mammogram}, {"codecs", codecs},           {"config", config},   {"http", http}};

}  // namespace calcnode::fuzz
