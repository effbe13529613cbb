// The graded cases of lab 08, by part of the contract.
#pragma once

#include <string>
#include <vector>

#include "judge.hpp"
#include "language.hpp"
#include "peer.hpp"
#include "spelling.hpp"

namespace lab08 {

using dialtone::Case;
using dialtone::Message;
using dialtone::tr;
using dialtone::Trial;

std::vector<Case> length_cases();
std::vector<Case> reading_cases();
std::vector<Case> writing_cases();
std::vector<Case> decoder_cases();
std::vector<Case> stream_cases();
std::vector<Case> digest_cases();

/// The length in front, byte by byte.
std::string prefix_of(std::uint32_t length);

/// Asks for a call that is named in the story.
Message ask(Trial& trial, const std::string& story, const json& request,
            std::string_view payload = {});

/// parse_header on this text; `limits` may be empty.
Message parse(Trial& trial, const std::string& text, const json& limits = json::object());

/// The call succeeded, and this is what the header says.
void expect_fields(Trial& trial, const json& got, const json& expected);

/// The message of an error holds this number.
void expect_number_in(Trial& trial, const std::string& message, std::uint64_t number);

}  // namespace lab08
