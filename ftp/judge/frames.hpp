// The judge's own codec of version 1: frames out of JSON and bytes, and what a reply must say.
#pragma once

#include <string>
#include <string_view>

#include "judge.hpp"

namespace ftp_judge {

using dialtone::Input;
using dialtone::Random;
using nlohmann::json;

struct Frame {
  json header;
  std::string payload;
  std::string bytes() const;
};

/// The length in front, least significant byte first.
std::string prefix_of(std::int64_t length);

/// A frame around any text that is to be taken for a header.
std::string frame_around(std::string_view header_text, std::string_view payload = "");

/// A request with a salt, and the digest that fits; `fields` beside these.
Frame request(Random& random, const std::string& command, const json& fields,
              std::string payload = "");

/// The three commands. A download's payload is the name once more, an upload's header says where
/// the file lay, as the course's client does it.
Frame list_request(Random& random, const std::string& type);
Frame download_request(Random& random, const std::string& type, const std::string& name);
Frame upload_request(Random& random, const std::string& type, const std::string& name,
                     std::string bytes);

/// How a request is told: "upload img/a.png, 12 bytes".
std::string told(const Frame& request);

/// A reply that is no refusal: the command, and these bytes.
void expect_reply(Input& trial, const Frame& reply, const std::string& command,
                  std::string_view payload);

/// A refusal of this code, in the words that the protocol has for it.
void expect_refusal(Input& trial, const Frame& reply, const std::string& command,
                    const std::string& code);

/// The reply's `encrypted` fits its payload and its salt.
void expect_digest(Input& trial, const Frame& reply);
/// The same, where the digest was computed already.
void expect_digest(Input& trial, const json& header, const std::string& expected);

/// The reply to a stored upload.
std::string uploaded_words(const std::string& type, const std::string& name);

/// Bytes whose digest Python spells in single quotes whatever comes: those where it does not are
/// the matter of one case.
std::string draw_bytes(Random& random, std::size_t size);

/// Bytes that are all the same.
std::string filled(char byte, std::size_t size);

/// A name that every store takes: a drawn stem, and an extension.
std::string draw_name(Random& random);

}  // namespace ftp_judge
