// <nlohmann/json.hpp> whose one type is compiled in json_compiled.cpp rather than in each file. For
// precompiled headers; link dialtone_json.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

/// What "..."_json and "..."_json_pointer stand for, compiled once.
nlohmann::json json_of_literal(const char* text, std::size_t length);
nlohmann::json_pointer<std::string> json_pointer_of_literal(const char* text, std::size_t length);

// The header defines its literals by calls, of the parser for one, and each file would compile what
// they call: most of a second. So `operator "" _json(const char* s, std::size_t n)` is given
// another body, and the header's own becomes a template that nobody calls. (json.hpp from 3.11.3 on
// spells it otherwise, and nothing is gained there.)
#define _json(text, length)       \
  _json(text, length) {           \
    return json_of_literal(s, n); \
  }                               \
  template <class Character>      \
  nlohmann::json parsed_literal(const Character* s, std::size_t n)
#define _json_pointer(text, length)       \
  _json_pointer(text, length) {           \
    return json_pointer_of_literal(s, n); \
  }                                       \
  template <class Character>              \
  nlohmann::json::json_pointer parsed_pointer(const Character* s, std::size_t n)
#include <nlohmann/json.hpp>
#undef _json
#undef _json_pointer

extern template class nlohmann::basic_json<>;
