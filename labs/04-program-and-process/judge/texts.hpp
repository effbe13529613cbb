// What the cases about /proc's texts have in common: many texts in one request, and each of them
// with the answer that it was built from.
#pragma once

#include <string>
#include <vector>

#include "cases.hpp"

namespace lab04 {

/// A text, and the fields that it was built from, as the shim gives them.
struct Known {
  std::string text;
  json fields;
};

/// Asks a parser ("parse_stat") about all of them: one result each.
json parse_all(Trial& trial, const std::string& parser, const std::vector<std::string>& texts);

/// The results are what the texts were built from. Of the fields, only those named are compared
/// (all where none is).
void expect_fields(Trial& trial, const std::string& parser, const std::vector<Known>& list,
                   const std::vector<std::string>& names = {});

/// A text that is not as it should be, and what the message begins with: one of these, and then no
/// digit and no letter.
struct Broken {
  std::string text;
  std::vector<std::string> beginnings;
};
void expect_malformed(Trial& trial, const std::string& parser, const std::vector<Broken>& list);

/// A number of that many bits, often at the edge.
std::uint64_t draw_number(dialtone::Random& random, unsigned bits);

/// Text that is no number of that type: garbled, signed, too large.
std::string draw_no_number(dialtone::Random& random, unsigned bits);

}  // namespace lab04
