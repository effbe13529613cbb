#include "version2.hpp"

#include "language.hpp"

namespace ftp::client {

using dialtone::tr;
using nlohmann::json;

namespace {

constexpr std::size_t most_words = std::size_t{64} << 10U;
constexpr std::size_t most_page = std::size_t{16} << 20U;    ///< bytes of one page of a list
constexpr std::size_t most_entries = std::size_t{1} << 22U;  ///< of all its pages

/// The fields of a reply, each read as what it must be; `wrong` says what is not so.
struct Fields {
  const json& object;
  const Connection& connection;

  const json* find(const char* name) const {
    const auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }
  [[noreturn]] void wrong(const char* name) const {
    connection.nonsense("a reply whose " + std::string(name) + " is missing or wrong");
  }
  std::uint64_t number(const char* name) const {
    const json* value = find(name);
    if (value == nullptr || !value->is_number_unsigned()) wrong(name);
    return value->get<std::uint64_t>();
  }
  std::string text(const char* name) const {
    const json* value = find(name);
    if (value == nullptr || !value->is_string()) wrong(name);
    return value->get<std::string>();
  }
  std::int64_t time() const {
    const json* value = find("time");
    if (value == nullptr || !value->is_number_integer()) wrong("time");
    return value->get<std::int64_t>();
  }
  TaggedDigest digest() const {
    auto digest = parse_digest(text("digest"));
    if (!digest) wrong("digest");
    return *std::move(digest);
  }
};

/// size, time and digest, as replies and the entries of a list have them.
void read_file_fields(const Fields& fields, RemoteFile& file) {
  file.size = fields.number("size");
  file.time = fields.time();
  if (fields.find("digest") != nullptr) file.digest = fields.digest();
}

}  // namespace

framing::Header Version2::reply_to(std::uint64_t id) {
  framing::Header header = connection_.receive_header();
  if (!is_version_2(header))
    throw ConnectionLost(
        Error::Code::bad_request,
        tr("the server says: ", "服务端说：") + excerpt(connection_.receive_text(most_words)));
  const Fields fields{header.others, connection_};
  const std::uint64_t said = fields.number("id");
  const std::string status = fields.text("status");
  if (status != "ok" && status != "error") fields.wrong("status");
  if (status == "error" && fields.find("error") == nullptr) fields.wrong("error");
  const auto error = error_in(header);
  if (said != id) {
    // A server that cannot read, or take, any request at all answers with the id 0.
    if (error && said == 0) throw ConnectionLost(error->code, Refused(*error).what());
    connection_.nonsense("a reply to the request " + std::to_string(said) + " instead of " +
                         std::to_string(id));
  }
  if (error) {
    connection_.receive_nothing();
    throw Refused(*error);
  }
  return header;
}

std::uint64_t Version2::ask(Request request, std::string_view payload) {
  request.id = next_id_++;
  request.data_length = payload.size();
  connection_.send(header_of(request), payload);
  return request.id;
}

bool Version2::hello() {
  Request request;
  request.command = "hello";
  request.client = "dialtone ftp-client";
  request.id = next_id_++;
  framing::Header header = header_of(request);
  header.salt = course::fresh_salt();
  header.encrypted = course::digest_of("", *header.salt);
  connection_.send(header);
  const framing::Header& reply = connection_.receive_header();
  if (!is_version_2(reply)) {
    const std::string words = connection_.receive_text(most_words);
    if (words == course::unknown_command_words("hello")) return false;
    throw ConnectionLost(Error::Code::bad_request,
                         tr("the server says: ", "服务端说：") + excerpt(words));
  }
  const Fields fields{reply.others, connection_};
  if (const auto error = error_in(reply)) throw ConnectionLost(error->code, Refused(*error).what());
  if (fields.number("id") != request.id) fields.wrong("id");
  connection_.receive_nothing();
  return true;
}

std::vector<RemoteFile> Version2::list(Type type, std::optional<DigestKind> digest) {
  std::vector<RemoteFile> files;
  Request request;
  request.command = "list";
  request.type = type;
  request.digest_kind = digest;
  for (;;) {
    const framing::Header header = reply_to(ask(request));
    const json page =
        json::parse(connection_.receive_text(most_page), nullptr, /*allow_exceptions=*/false);
    if (!page.is_array()) connection_.nonsense("a list that is none");
    for (const json& entry : page) {
      if (!entry.is_object()) connection_.nonsense("a list's entry that is none");
      const Fields fields{entry, connection_};
      RemoteFile file;
      file.target = {type, fields.text("file_name")};
      read_file_fields(fields, file);
      if (!files.empty() && file.target.name <= files.back().target.name)
        connection_.nonsense("a list that is not in the order of names");
      files.push_back(std::move(file));
    }
    const Fields fields{header.others, connection_};
    if (fields.find("next") == nullptr) return files;
    // The pages must come forward, and not for ever.
    if (fields.text("next") <= request.after) fields.wrong("next");
    if (files.size() > most_entries) connection_.nonsense("a list without an end");
    request.after = fields.text("next");
  }
}

RemoteFile Version2::stat(const Target& target, std::optional<DigestKind> digest) {
  Request request;
  request.command = "stat";
  request.target = target;
  request.digest_kind = digest;
  const framing::Header header = reply_to(ask(request));
  connection_.receive_nothing();
  const Fields fields{header.others, connection_};
  RemoteFile file;
  file.target = target;
  if (const json* partial = fields.find("partial")) {
    if (!partial->is_object()) fields.wrong("partial");
    const Fields kept{*partial, connection_};
    const TaggedDigest kept_digest = kept.digest();
    if (kept_digest.kind != DigestKind::xxh3_128) kept.wrong("digest");
    file.partial = {kept.number("length"), kept_digest.digits};
  }
  if (!file.partial || fields.find("size") != nullptr) read_file_fields(fields, file);
  return file;
}

void Version2::remove(const Target& target) {
  Request request;
  request.command = "remove";
  request.target = target;
  reply_to(ask(request));
  connection_.receive_nothing();
}

void Version2::rename(const Target& from, const Target& to, bool replace) {
  Request request;
  request.command = "rename";
  request.target = from;
  request.to = to;
  request.replace = replace;
  reply_to(ask(request));
  connection_.receive_nothing();
}

Version2::Coming Version2::take_get(std::uint64_t id, std::uint64_t offset) {
  const framing::Header header = reply_to(id);
  const Fields fields{header.others, connection_};
  Coming coming{fields.number("size"), header.data_length, fields.digest()};
  const std::uint64_t told = fields.find("offset") == nullptr ? 0 : fields.number("offset");
  if (told != offset) fields.wrong("offset");
  if (coming.size < offset || coming.size - offset != coming.left) fields.wrong("size");
  return coming;
}

Version2::Stored Version2::take_put(std::uint64_t id) {
  const framing::Header header = reply_to(id);
  connection_.receive_nothing();
  const Fields fields{header.others, connection_};
  return {fields.number("size"), fields.digest()};
}

void Version2::send_data(std::uint64_t id, std::string_view payload, bool more,
                         const std::optional<std::string>& digest) {
  Request request;
  request.command = "data";
  request.id = id;
  request.data_length = payload.size();
  request.more = more;
  request.digest = digest;
  connection_.send(header_of(request), payload);
}

}  // namespace ftp::client
