#include "played_server.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace ftp_test {

using framing::Header;
using nlohmann::json;
using socket_basics::Deadline;
using socket_basics::Direction;

namespace {

constexpr std::chrono::seconds patience{20};

Deadline soon() {
  return Deadline::after(patience);
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

Heard Talk::receive() {
  Heard heard;
  for (;;) {
    auto rest = bytes_of(unread_);
    const auto event = decoder_.next(rest);
    if (!event) throw Over{};
    using Kind = framing::Event::Kind;
    if (event->kind == Kind::header) heard.header = decoder_.header();
    if (event->kind == Kind::payload)
      heard.payload.append(reinterpret_cast<const char*>(event->piece.data()), event->piece.size());
    unread_.erase(0, unread_.size() - rest.size());
    if (event->kind == Kind::end) return heard;
    if (event->kind != Kind::need_more) continue;
    if (!wait_ready(socket_.get(), Direction::readable, soon())) throw Over{};
    std::string piece(65536, '\0');
    const ssize_t count = ::recv(socket_.get(), piece.data(), piece.size(), MSG_DONTWAIT);
    if (count <= 0) throw Over{};
    unread_.append(piece, 0, static_cast<std::size_t>(count));
  }
}

void Talk::send(Header header, std::string_view payload) {
  header.data_length = payload.size();
  send_bytes(*framing::encode(header, payload, ftp::frame_limits));
}

void Talk::send_bytes(std::string_view bytes) {
  if (!send_all(socket_.get(), bytes_of(bytes), soon())) throw Over{};
}

void Talk::reply(const Header& request, json fields, std::string_view payload) {
  Header header;
  header.command = request.command;
  header.others = std::move(fields);
  header.others["version"] = 2;
  header.others["id"] = request.others.at("id");
  header.others["status"] = "ok";
  send(header, payload);
}

bool Talk::nothing_waits() {
  char one = 0;
  return unread_.empty() && ::recv(socket_.get(), &one, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

PlayedServer::PlayedServer(Script script) : script_(std::move(script)) {
  listener_ =
      std::move(*socket_basics::listen_on(*socket_basics::parse_address("127.0.0.1:0"), 16));
  port_ = socket_basics::local_address(listener_.get())->port;
  thread_ = std::thread([this] {
    for (;;) {
      auto socket = socket_basics::answer(listener_.get(), Deadline::after(std::chrono::hours(1)));
      if (!socket) return;
      Talk talk(std::move(*socket));
      try {
        script_(talk);
      } catch (const Talk::Over&) {
      }
    }
  });
}

PlayedServer::~PlayedServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

std::string xxh3(std::string_view bytes) {
  ftp::Digester digester(ftp::DigestKind::xxh3_128);
  digester.update(bytes_of(bytes));
  return tagged(digester.kind(), digester.so_far());
}

namespace {

std::string digest_as(ftp::DigestKind kind, std::string_view bytes) {
  ftp::Digester digester(kind);
  digester.update(bytes_of(bytes));
  return tagged(kind, digester.so_far());
}

/// The files' keeper, for one call.
class Keeper {
 public:
  Keeper(Files& files, Talk& talk) : files_(files), talk_(talk) {}

  void answer() {
    const Heard heard = talk_.receive();
    files_.requests.push_back(heard.header);
    if (!files_.version_2 || !ftp::is_version_2(heard.header)) return answer_course(heard);
    const auto request = ftp::parse_request(heard.header);
    if (!request) return refuse(heard.header, request.error().error);
    if (request->command == "hello") return talk_.reply(heard.header, {{"versions", {1, 2}}});
    if (request->command == "list") return list(heard.header, *request);
    const std::string key = shown(*request->target);
    if (request->command == "put") return put(heard, *request, key);
    const auto file = files_.files.find(key);
    if (request->command == "stat") return stat(heard.header, *request, key);
    if (file == files_.files.end()) return refuse(heard.header, {ftp::Error::Code::not_found, key});
    if (request->command == "get") return get(heard.header, *request, file->second);
    if (request->command == "rename") {
      const std::string to = shown(*request->to);
      if (files_.files.count(to) > 0 && !request->replace)
        return refuse(heard.header, {ftp::Error::Code::exists, to});
      files_.files[to] = std::exchange(file->second, {});
    }
    files_.files.erase(key);
    talk_.reply(heard.header, json::object());
  }

 private:
  void refuse(const Header& request, const ftp::Error& error) {
    talk_.send(error_header(request.command, request.others.value("id", std::uint64_t{0}), error));
  }

  void list(const Header& header, const ftp::Request& request) {
    json entries = json::array();
    json fields = json::object();
    const std::string folder = std::string(folder_of(*request.type)) + "/";
    for (auto at = files_.files.upper_bound(folder + request.after);
         at != files_.files.end() && at->first.compare(0, folder.size(), folder) == 0; ++at) {
      if (entries.size() == files_.page) {
        fields["next"] = entries.back()["file_name"];
        break;
      }
      entries.push_back({{"file_name", at->first.substr(folder.size())},
                         {"size", at->second.size()},
                         {"time", 1'700'000'000'000}});
      if (request.digest_kind)
        entries.back()["digest"] = digest_as(*request.digest_kind, at->second);
    }
    talk_.reply(header, fields, entries.dump());
  }

  void stat(const Header& header, const ftp::Request& request, const std::string& key) {
    json fields = json::object();
    const auto file = files_.files.find(key);
    const auto partial = files_.partials.find(key);
    if (file == files_.files.end() && partial == files_.partials.end())
      return refuse(header, {ftp::Error::Code::not_found, key});
    if (file != files_.files.end()) {
      fields = {{"size", file->second.size()}, {"time", 1'700'000'000'000}};
      if (request.digest_kind) fields["digest"] = digest_as(*request.digest_kind, file->second);
    }
    if (partial != files_.partials.end())
      fields["partial"] = {{"length", partial->second.size()}, {"digest", xxh3(partial->second)}};
    talk_.reply(header, fields);
  }

  void get(const Header& header, const ftp::Request& request, const std::string& bytes) {
    if (request.offset > bytes.size())
      return refuse(header, {ftp::Error::Code::bad_request, "offset"});
    if (request.offset > 0 && *request.prefix_digest != xxh3(bytes.substr(0, request.offset)))
      return refuse(header, {ftp::Error::Code::changed, "another beginning"});
    std::string payload = bytes.substr(request.offset);
    if (files_.damage && !payload.empty()) payload.back() ^= 1;
    Header reply = header;
    reply.data_length = payload.size();
    reply.others = {{"version", 2},         {"id", request.id},          {"status", "ok"},
                    {"size", bytes.size()}, {"time", 1'700'000'000'000}, {"offset", request.offset},
                    {"digest", xxh3(bytes)}};
    talk_.send_bytes(*framing::encode_head(reply, ftp::frame_limits));
    if (const auto most = std::exchange(files_.hang_up_after, {})) {
      talk_.send_bytes(payload.substr(0, *most));
      throw Talk::Over{};
    }
    talk_.send_bytes(payload);
  }

  void put(const Heard& first, const ftp::Request& request, const std::string& key) {
    std::string bytes;
    bool changed = false;
    if (request.offset > 0) {
      const std::string& kept = files_.partials[key];
      changed = kept.size() != request.offset || xxh3(kept) != *request.prefix_digest;
      bytes = kept;
    }
    bytes += first.payload;
    bool more = request.more;
    std::optional<std::string> digest = request.digest;
    try {
      while (more) {
        const Heard next = talk_.receive();
        files_.requests.push_back(next.header);
        const auto data = ftp::parse_request(next.header);
        if (!data || data->id != request.id) throw Talk::Over{};
        more = data->more;
        if (data->digest) digest = data->digest;
        bytes += next.payload;
      }
    } catch (const Talk::Over&) {
      files_.partials[key] = bytes;
      throw;
    }
    if (changed) return refuse(first.header, {ftp::Error::Code::changed, key});
    if (digest && *digest != digest_as(ftp::parse_digest(*digest)->kind, bytes))
      return refuse(first.header, {ftp::Error::Code::damaged, key});
    talk_.reply(first.header,
                {{"size", bytes.size()}, {"time", 1'700'000'000'000}, {"digest", xxh3(bytes)}});
    files_.files[key] = std::move(bytes);
    files_.partials.erase(key);
  }

  // --- version 1 ---

  /// An error in the course's way, or, with version 2, in this project's.
  void course_error(const Header& request, ftp::Error::Code code, const std::string& words) {
    Header header = ftp::course::header_for(request.command, words);
    if (files_.version_2) {
      header.others["error"] = spelling(code);
    } else {
      header.salt.reset();
      header.encrypted.reset();
    }
    talk_.send(header, words);
  }

  void course_reply(const Header& request, std::string payload) {
    const Header header = ftp::course::header_for(request.command, payload);
    if (files_.damage && !payload.empty()) payload.back() ^= 1;
    talk_.send(header, payload);
  }

  void answer_course(const Heard& heard) {
    namespace course = ftp::course;
    const Header& header = heard.header;
    if (!course::fits(header, course::digest_of(heard.payload, course::salt_of(header))))
      return course_error(header, ftp::Error::Code::damaged, std::string(course::damaged_words));
    const std::string folder(folder_of(ftp::type_named(header.file_type.value_or(""))));
    const std::string key = folder + "/" + header.file_name.value_or("");
    if (header.command == course::list_command) {
      std::string names;
      for (const auto& [name, bytes] : files_.files)
        if (name.compare(0, folder.size() + 1, folder + "/") == 0)
          names += (names.empty() ? "" : ",") + name.substr(folder.size() + 1);
      return course_reply(header, names);
    }
    if (header.command == course::download_command) {
      const auto file = files_.files.find(key);
      if (file == files_.files.end())
        return course_error(header, ftp::Error::Code::not_found, "没有这个文件");
      return course_reply(header, file->second);
    }
    if (header.command != course::upload_command)
      return course_error(header, ftp::Error::Code::unknown_command,
                          course::unknown_command_words(header.command));
    files_.files[key] = heard.payload;
    course_reply(header, course::uploaded_words(
                             {ftp::type_named(header.file_type.value_or("")), *header.file_name}));
  }

  Files& files_;
  Talk& talk_;
};

}  // namespace

PlayedServer::Script keeper_of(Files& files) {
  return [&files](Talk& talk) {
    Keeper keeper(files, talk);
    for (;;) keeper.answer();
  };
}

}  // namespace ftp_test
