#include "wire.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace ftp {

using nlohmann::json;

// --- version 1 -------------------------------------------------------------------------------

namespace course {

std::string unknown_command_words(std::string_view command) {
  return std::string(command) + " is not exist";
}

std::string uploaded_words(const Target& stored) {
  const std::string stem = stored.name.substr(0, stored.name.find('.'));
  return "当前文件 " + stem + " 上传成功!保存至 :>>>> " + shown(stored) + "!";
}

std::string fresh_salt() {
  constexpr std::string_view digits = "0123456789abcdef";
  thread_local std::random_device device;
  std::string salt;
  for (int word = 0; word < 4; ++word)
    for (unsigned bits = device(), digit = 0; digit < 8; ++digit, bits >>= 4U)
      salt += digits[bits & 15U];
  return salt;
}

std::string digest_of(std::string_view payload, std::string_view salt) {
  framing::CourseDigest digest;
  digest.update(std::as_bytes(std::span(payload)));
  return digest.finish(salt);
}

framing::Header header_for(std::string_view command, std::string_view payload) {
  framing::Header header;
  header.command = command;
  header.data_length = payload.size();
  header.salt = fresh_salt();
  header.encrypted = digest_of(payload, *header.salt);
  return header;
}

bool fits(const framing::Header& header, std::string_view computed) {
  return header.encrypted && *header.encrypted == computed;
}

std::string salt_of(const framing::Header& header) {
  return header.salt.value_or("None");
}

}  // namespace course

// --- digests in text -------------------------------------------------------------------------

std::string_view spelling(DigestKind kind) {
  return kind == DigestKind::xxh3_128 ? "xxh3-128" : "sha-256";
}

std::optional<DigestKind> digest_kind_of(std::string_view text) {
  for (const DigestKind kind : {DigestKind::xxh3_128, DigestKind::sha_256})
    if (text == spelling(kind)) return kind;
  return std::nullopt;
}

std::string tagged(DigestKind kind, std::string_view digits) {
  return std::string(spelling(kind)).append(":").append(digits);
}

std::optional<TaggedDigest> parse_digest(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto kind = digest_kind_of(text.substr(0, colon));
  if (!kind || colon == text.size()) return std::nullopt;
  const std::string_view digits = text.substr(colon + 1);
  const std::size_t expected = *kind == DigestKind::xxh3_128 ? 32 : 64;
  if (digits.size() != expected ||
      digits.find_first_not_of("0123456789abcdef") != std::string_view::npos)
    return std::nullopt;
  return TaggedDigest{*kind, std::string(digits)};
}

// --- version 2 -------------------------------------------------------------------------------

namespace {

/// A field of the wrong form.
struct WrongField {
  std::string detail;
};

constexpr std::array<std::string_view, 8> commands{"hello", "list", "stat",   "get",
                                                   "put",   "data", "remove", "rename"};

/// The fields of a header by name, each read as what it must be.
class Fields {
 public:
  explicit Fields(const json& fields) : fields_(fields) {}

  const json* find(const char* name) const {
    const auto at = fields_.find(name);
    return at == fields_.end() || at->is_null() ? nullptr : &*at;
  }

  std::optional<std::uint64_t> number(const char* name) const {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > frame_limits.payload)
      throw WrongField{std::string(name) + " is not a whole number from 0 up"};
    return value->get<std::uint64_t>();
  }

  std::optional<std::string> text(const char* name) const {
    const json* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) throw WrongField{std::string(name) + " is not a text"};
    return value->get<std::string>();
  }

  bool flag(const char* name) const {
    const json* value = find(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) throw WrongField{std::string(name) + " is neither true nor false"};
    return value->get<bool>();
  }

 private:
  const json& fields_;
};

Type type_in(const std::string& text, const char* field) {
  if (const auto type = type_spelt(text)) return *type;
  throw WrongField{std::string(field) + " is none of img, video and file"};
}

template <class T>
T needed(std::optional<T> value, const char* field) {
  if (!value) throw WrongField{std::string(field) + " is missing"};
  return *std::move(value);
}

std::string checked_digest(std::string text, const char* field) {
  if (!parse_digest(text)) throw WrongField{std::string(field) + " is no digest"};
  return text;
}

/// Fills in what the command takes.
void read_fields(const framing::Header& header, const Fields& fields, Request& request) {
  const std::string& command = request.command;
  const auto is_any = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), command) != names.end();
  };
  if (command == "hello") request.client = fields.text("client").value_or("");
  if (command == "list") {
    request.type = type_in(needed(header.file_type, "file_type"), "file_type");
    request.after = fields.text("after").value_or("");
    const std::uint64_t limit = fields.number("limit").value_or(page_entries);
    if (limit == 0) throw WrongField{"limit is 0"};
    request.limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit, page_entries));
  }
  if (is_any({"stat", "get", "put", "remove", "rename"}))
    request.target = {type_in(needed(header.file_type, "file_type"), "file_type"),
                      needed(header.file_name, "file_name")};
  if (is_any({"list", "stat", "get"}))
    if (const auto kind = fields.text("digest")) {
      request.digest_kind = digest_kind_of(*kind);
      if (!request.digest_kind) throw WrongField{"digest is none of xxh3-128 and sha-256"};
    }
  if (is_any({"put", "data"})) {
    if (auto digest = fields.text("digest"))
      request.digest = checked_digest(*std::move(digest), "digest");
    request.more = fields.flag("more");
  }
  if (command == "put") request.size = fields.number("size");
  if (is_any({"get", "put"})) {
    request.offset = fields.number("offset").value_or(0);
    if (auto digest = fields.text("prefix_digest"))
      request.prefix_digest = checked_digest(*std::move(digest), "prefix_digest");
    if (request.offset > 0) needed(request.prefix_digest, "prefix_digest");
    if (command == "put" && request.size && request.offset > *request.size)
      throw WrongField{"offset is above size"};
  }
  if (command == "rename") {
    const auto type = fields.text("to_type");
    request.to = {type ? type_in(*type, "to_type") : request.target->type,
                  needed(fields.text("to_name"), "to_name")};
    request.replace = fields.flag("replace");
  }
}

}  // namespace

bool is_version_2(const framing::Header& header) {
  const auto version = header.others.find("version");
  return version != header.others.end() && version->is_number_integer() && *version == 2;
}

tl::expected<Request, RefusedRequest> parse_request(const framing::Header& header) {
  const Fields fields(header.others);
  Request request;
  request.command = header.command;
  request.data_length = header.data_length;
  const auto refuse = [&](Error::Code code, std::string detail) {
    return tl::unexpected(RefusedRequest{request.id, {code, std::move(detail)}});
  };
  try {
    request.id = needed(fields.number("id"), "id");
    if (request.id > largest_id) {
      request.id = 0;
      throw WrongField{"id is above 2^53 - 1"};
    }
    if (std::find(commands.begin(), commands.end(), request.command) == commands.end())
      return refuse(Error::Code::unknown_command, "no command '" + request.command + "'");
    read_fields(header, fields, request);
  } catch (const WrongField& wrong) {
    return refuse(Error::Code::bad_request, request.command + ": " + wrong.detail);
  }
  return request;
}

framing::Header header_of(const Request& request) {
  framing::Header header;
  header.command = request.command;
  header.data_length = request.data_length;
  json& fields = header.others;
  fields["version"] = 2;
  fields["id"] = request.id;
  if (request.target) {
    header.file_type = folder_of(request.target->type);
    header.file_name = request.target->name;
  }
  if (request.type) header.file_type = folder_of(*request.type);
  if (!request.after.empty()) fields["after"] = request.after;
  if (request.limit != page_entries) fields["limit"] = request.limit;
  if (request.digest_kind) fields["digest"] = spelling(*request.digest_kind);
  if (request.digest) fields["digest"] = *request.digest;
  if (request.size) fields["size"] = *request.size;
  if (request.offset > 0) fields["offset"] = request.offset;
  if (request.prefix_digest) fields["prefix_digest"] = *request.prefix_digest;
  if (request.more) fields["more"] = true;
  if (request.to) {
    fields["to_type"] = folder_of(request.to->type);
    fields["to_name"] = request.to->name;
  }
  if (request.replace) fields["replace"] = true;
  if (!request.client.empty()) fields["client"] = request.client;
  return header;
}

framing::Header reply_header(const Request& request, std::uint64_t data_length) {
  framing::Header header;
  header.command = request.command;
  header.data_length = data_length;
  header.others = {{"version", 2}, {"id", request.id}, {"status", "ok"}};
  return header;
}

framing::Header error_header(std::string_view command, std::uint64_t id, const Error& error) {
  const Explanation& words = explain(error.code);
  framing::Header header;
  header.command = command;
  header.others = {{"version", 2},
                   {"id", id},
                   {"status", "error"},
                   {"error",
                    {{"code", spelling(error.code)},
                     {"message", {{"en", words.en}, {"zh", words.zh}}},
                     {"advice", {{"en", words.advice_en}, {"zh", words.advice_zh}}},
                     {"detail", error.detail}}}};
  return header;
}

std::optional<Error> error_in(const framing::Header& reply) {
  const auto text_of = [](const json& from, const char* name) {
    const auto at = from.find(name);
    return at != from.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const std::string status = text_of(reply.others, "status");
  if (status == "ok") return std::nullopt;
  const auto error = reply.others.find("error");
  if (status != "error" || error == reply.others.end() || !error->is_object())
    return Error{Error::Code::bad_request, "the reply to " + reply.command + " has no status"};
  return Error{code_of(text_of(*error, "code")), text_of(*error, "detail")};
}

}  // namespace ftp
