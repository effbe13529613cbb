// Headers made by construction: what a text means is drawn first, and then one of the many ways to
// spell it. So the judge knows the answer without reading any JSON of its own making.
#pragma once

#include <string>
#include <vector>

#include "judge.hpp"

namespace lab08 {

using dialtone::Random;
using nlohmann::json;

/// A Unicode text, by code points.
using Points = std::u32string;

std::string utf8(const Points& points);

/// Any characters at all, at most `most`: controls, quotes, and from each length of UTF-8.
Points draw_points(Random& random, std::size_t most);

/// Letters as code points.
Points points_of(std::string_view ascii);

/// As a JSON string, quotes included: each character as it is, or as one of its escapes.
std::string spell(Random& random, const Points& points);

/// A JSON value and a spelling of it.
struct Spelt {
  json value;
  std::string text;
};

/// `levels` of arrays and objects at most, within one another; 0: a plain value.
Spelt draw_value(Random& random, std::size_t levels);
Spelt draw_string(Random& random, std::size_t most = 12);
Spelt draw_plain(Random& random);  ///< a text or a whole number

/// A member of an object.
struct Member {
  Points key;
  std::string value;  ///< spelt
};

/// The object with its members in any order, and with white space wherever it may stand.
std::string spell_object(Random& random, std::vector<Member> members);

/// White space as JSON has it, or none.
std::string draw_space(Random& random);

/// A header: what the shim should tell of it, and the members of its text.
struct Drawn {
  json fields;
  std::vector<Member> members;

  void add(std::string_view name, const Spelt& value);        ///< a named field
  void add_other(const Points& name, const Spelt& value);     ///< a field for `others`
  void set(std::string_view name, const std::string& value);  ///< another spelling for a field
  void drop(std::string_view name);                           ///< the text lacks this field
};

struct HeaderWishes {
  std::uint64_t data_length = 0;
  std::size_t others = 0;  ///< at most so many fields of unknown names
  std::size_t levels = 0;  ///< their nesting; 0: texts and whole numbers only
};

/// `command` and `data_length`, any of the optional fields, and others as wished.
Drawn draw_header(Random& random, const HeaderWishes& wishes = {});

/// The four fields that need not be there.
const std::vector<std::string>& optional_names();

/// The name of a field that is none of the named ones.
Points draw_other_name(Random& random);

}  // namespace lab08
