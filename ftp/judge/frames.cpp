#include "frames.hpp"

#include <algorithm>
#include <map>

#include "course_digest.hpp"
#include "language.hpp"
#include "peer.hpp"

namespace ftp_judge {

using dialtone::tr;

namespace {

/// A field as it is told where it is another than expected.
std::string field(const json& header, const char* name) {
  return header.contains(name) ? header[name].dump(-1, ' ', false, json::error_handler_t::replace)
                               : tr("(absent)", "（没有）");
}

void expect_field(Input& trial, const json& header, const char* name, const json& expected) {
  trial.expect(std::string(tr("the reply's ", "回复的 ")) + name,
               header.contains(name) && header[name] == expected, expected.dump(),
               field(header, name));
}

}  // namespace

std::string Frame::bytes() const {
  return frame_around(header.dump(), payload);
}

std::string prefix_of(std::int64_t length) {
  const auto bits = static_cast<std::uint32_t>(length);
  std::string bytes;
  for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 255U);
  return bytes;
}

std::string frame_around(std::string_view header_text, std::string_view payload) {
  std::string bytes = prefix_of(static_cast<std::int64_t>(header_text.size()));
  return bytes.append(header_text).append(payload);
}

Frame request(Random& random, const std::string& command, const json& fields, std::string payload) {
  Frame made{fields, std::move(payload)};
  const std::string salt = random.text(32, "0123456789abcdef");
  made.header["command"] = command;
  made.header["data_length"] = made.payload.size();
  made.header["salt"] = salt;
  made.header["encrypted"] = dialtone::course_digest(made.payload, salt);
  return made;
}

Frame list_request(Random& random, const std::string& type) {
  return request(random, "show_file_name_list", {{"file_type", type}});
}

Frame download_request(Random& random, const std::string& type, const std::string& name) {
  return request(random, "download_file", {{"file_type", type}, {"file_name", name}}, name);
}

Frame upload_request(Random& random, const std::string& type, const std::string& name,
                     std::string bytes) {
  return request(random, "upload",
                 {{"file_type", type}, {"file_name", name}, {"file_path", "/home/dream/data"}},
                 std::move(bytes));
}

std::string told(const Frame& request) {
  const auto text = [&](const char* name) {
    return request.header.contains(name) && request.header[name].is_string()
               ? request.header[name].get<std::string>()
               : "";
  };
  std::string what = text("command");
  if (request.header.contains("file_type")) what += " " + field(request.header, "file_type");
  if (request.header.contains("file_name")) what += " " + field(request.header, "file_name");
  if (what.size() > 120) what.replace(120, what.size(), "...");
  return dialtone::printable(what) + ", " + std::to_string(request.payload.size()) +
         tr(" bytes", " 字节");
}

void expect_reply(Input& trial, const Frame& reply, const std::string& command,
                  std::string_view payload) {
  if (reply.header.contains("error"))
    trial.fail(tr("a reply that is no refusal", "回复不是拒绝"), tr("no error", "没有 error"),
               field(reply.header, "error") + " " + dialtone::show(reply.payload));
  expect_field(trial, reply.header, "command", command);
  expect_bytes(trial, tr("the reply's payload", "回复的内容"), reply.payload, payload);
}

void expect_refusal(Input& trial, const Frame& reply, const std::string& command,
                    const std::string& code) {
  static const std::map<std::string, std::string> words = {
      {"not-found", "没有这个文件"},
      {"bad-name", "这不能作为文件名"},
      {"bad-request", "请求无法理解"},
      {"too-large", "文件超过服务器允许的大小"},
      {"damaged", "数据被篡改!"}};
  expect_field(trial, reply.header, "error", code);
  expect_field(trial, reply.header, "command", command);
  const auto known = words.find(code);
  expect_bytes(trial, tr("the refusal's words", "拒绝的文字"), reply.payload,
               known != words.end() ? known->second : command + " is not exist");
}

void expect_digest(Input& trial, const Frame& reply) {
  const bool salted = reply.header.contains("salt") && reply.header.at("salt").is_string();
  trial.expect(tr("the reply has a salt", "回复带有盐"), salted, tr("a text", "一个字符串"),
               field(reply.header, "salt"));
  expect_digest(trial, reply.header,
                dialtone::course_digest(reply.payload, reply.header.at("salt").get<std::string>()));
}

void expect_digest(Input& trial, const json& header, const std::string& expected) {
  trial.expect(tr("the reply's digest (encrypted) fits its payload and salt",
                  "回复的摘要（encrypted）与内容和盐相符"),
               header.contains("encrypted") && header.at("encrypted") == expected, expected,
               field(header, "encrypted"));
}

std::string uploaded_words(const std::string& type, const std::string& name) {
  return "当前文件 " + name.substr(0, name.find('.')) + " 上传成功!保存至 :>>>> " + type + "/" +
         name + "!";
}

std::string draw_bytes(Random& random, std::size_t size) {
  std::string bytes = random.bytes(size);
  std::replace(bytes.begin(), bytes.end(), '\'', '"');
  return bytes;
}

std::string filled(char byte, std::size_t size) {
  std::string bytes;
  bytes.resize(size, byte);
  return bytes;
}

std::string draw_name(Random& random) {
  static const std::vector<std::string> endings = {".jpg", ".png", ".mp4", ".txt", ".tar.gz", ""};
  return random.text(random.between(1, 12), "abcdefghijklmnopqrstuvwxyz0123456789_-") +
         random.pick(endings);
}

}  // namespace ftp_judge
