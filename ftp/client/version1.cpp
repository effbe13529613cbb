#include "version1.hpp"

#include <exception>

namespace ftp::client {

namespace {

constexpr std::size_t most_words = std::size_t{64} << 10U;
constexpr std::size_t most_names = std::size_t{64} << 20U;  ///< bytes of a list

Refused damaged() {
  return Refused(Error{Error::Code::damaged, ""});
}

}  // namespace

framing::Header Version1::reply_to(std::string_view command) {
  framing::Header header = connection_.receive_header();
  // This project's server says with `error` that its words are an error's. The course's server
  // shows it by leaving the digest out.
  const auto code = header.others.find("error");
  const bool coded = code != header.others.end() && code->is_string();
  if (coded || !header.encrypted) {
    const auto kind = coded ? code_of(code->get<std::string>()) : Error::Code::bad_request;
    const std::string words = connection_.receive_text(most_words);
    if (header.command == command) throw Refused(kind, words);
    throw ConnectionLost(kind, Refused(kind, words).what());  // its last words
  }
  if (header.command != command)
    connection_.nonsense("a reply to " + header.command + " instead of " + std::string(command));
  return header;
}

std::string Version1::text_reply(std::string_view command, std::size_t at_most) {
  const framing::Header header = reply_to(command);
  std::string text = connection_.receive_text(at_most);
  if (!course::fits(header, course::digest_of(text, course::salt_of(header)))) throw damaged();
  return text;
}

std::vector<std::string> Version1::list(std::string_view file_type) {
  framing::Header request = course::header_for(course::list_command, "");
  request.file_type = file_type;
  connection_.send(request);
  const std::string text = text_reply(course::list_command, most_names);
  std::vector<std::string> names;
  if (text.empty()) return names;
  for (std::size_t at = 0;;) {
    const std::size_t comma = text.find(',', at);
    names.push_back(text.substr(at, comma - at));
    if (comma == std::string::npos) return names;
    at = comma + 1;
  }
}

void Version1::download(std::string_view file_type, const std::string& name, const Sink& sink,
                        const std::function<void(std::uint64_t)>& begins) {
  framing::Header request = course::header_for(course::download_command, name);
  request.file_type = file_type;
  request.file_name = name;
  connection_.send(request, name);
  const framing::Header header = reply_to(course::download_command);
  if (begins) begins(header.data_length);
  framing::CourseDigest digest;
  std::exception_ptr failed;
  connection_.receive_payload([&](std::span<const std::byte> piece) {
    if (failed) return;
    digest.update(piece);
    try {
      sink(piece);
    } catch (const Trouble&) {
      failed = std::current_exception();
    }
  });
  if (failed) std::rethrow_exception(failed);
  if (!course::fits(header, digest.finish(course::salt_of(header)))) throw damaged();
}

std::string Version1::upload(const Upload& upload) {
  framing::Header request;
  request.command = course::upload_command;
  request.data_length = upload.length;
  request.file_type = upload.file_type;
  request.file_name = upload.name;
  request.others["file_path"] = upload.folder;
  request.salt = course::fresh_salt();
  framing::CourseDigest digest;
  upload.read([&](std::span<const std::byte> piece) { digest.update(piece); });
  request.encrypted = digest.finish(*request.salt);
  connection_.send(request);
  try {
    upload.read([&](std::span<const std::byte> piece) { connection_.send_piece(piece); });
  } catch (const LocalTrouble& failed) {  // the server waits for bytes that do not come
    throw ConnectionLost(failed.code(), failed.what());
  }
  return text_reply(course::upload_command, most_words);
}

}  // namespace ftp::client
