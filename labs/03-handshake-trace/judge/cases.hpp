// The graded cases of lab 03, by part of the contract. Each looks at its own fields alone, so that
// one fault loses one case where it can.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "judge.hpp"
#include "language.hpp"

namespace lab03 {

using dialtone::Case;
using dialtone::Message;
using dialtone::Random;
using dialtone::tr;
using dialtone::Trial;
using nlohmann::json;

std::vector<Case> link_cases();  ///< Ethernet and IPv4
std::vector<Case> fragment_cases();
std::vector<Case> ipv6_cases();
std::vector<Case> tcp_cases();
std::vector<Case> option_cases();
std::vector<Case> cut_cases();
std::vector<Case> checksum_cases();
std::vector<Case> circle_cases();
std::vector<Case> state_cases();
std::vector<Case> segment_cases();  ///< what a segment is in its conversation
std::vector<Case> number_cases();   ///< relative numbers, scaled windows
std::vector<Case> conversation_cases();

/// "45 00 00 1c"; beyond `limit` bytes the beginning, an ellipsis and the number of bytes.
std::string hex(std::string_view bytes, std::size_t limit = 128);

/// "4500001c", as the shim tells an address.
std::string packed(std::string_view bytes);

/// Asks for parse_LAYER on these bytes: {"fields": …} or {"error": …}. `what` says what they are.
json parse(Trial& trial, const std::string& layer, const std::string& bytes,
           const std::string& what);

/// Where a payload lies in the bytes that were given, as the shim tells it.
json place(std::size_t at, std::size_t size);

/// It was parsed, and the fields that `expected` names are these. An empty payload may lie
/// anywhere.
void expect_fields(Trial& trial, const json& answer, const json& expected);

/// It was refused with one of these kinds.
void expect_refused(Trial& trial, const json& answer, std::initializer_list<const char*> kinds);

}  // namespace lab03
