// Carries lab 08's code for the judge: headers as JSON fields, bytes as payloads, and whole streams
// with the places where they are cut, so that one request plays many calls of a decoder.
#include "shim.hpp"

#include "framing.hpp"

namespace {

using dialtone::Answer;
using dialtone::Message;
using namespace framing;
using nlohmann::json;

const char* name_of(Error::Kind kind) {
  constexpr const char* names[] = {"bad_length", "too_large",     "bad_json",   "duplicate_key",
                                   "too_deep",   "missing_field", "wrong_type", "bad_value",
                                   "truncated",  "not_encodable"};
  const auto at = static_cast<std::size_t>(kind);
  return at < std::size(names) ? names[at] : "?";
}

json told(const Error& error) {
  return {{"kind", name_of(error.kind)}, {"message", error.message}};
}

Answer failed(const Error& error) {
  return {{{"error", told(error)}}};
}

Answer value(json what) {
  return {{{"value", std::move(what)}}};
}

Answer text(const Result<std::string>& made) {
  if (!made) return failed(made.error());
  Answer answer = value(nullptr);
  answer.payload = *made;
  return answer;
}

Limits limits_of(const Message& request) {
  const json given = request.body.value("limits", json::object());
  Limits limits;
  limits.header = given.value("header", limits.header);
  limits.payload = given.value("payload", limits.payload);
  limits.depth = given.value("depth", limits.depth);
  return limits;
}

constexpr std::pair<const char*, std::optional<std::string> Header::*> optional_fields[] = {
    {"encrypted", &Header::encrypted},
    {"salt", &Header::salt},
    {"file_type", &Header::file_type},
    {"file_name", &Header::file_name}};

json fields_of(const Header& header) {
  json fields = {
      {"command", header.command}, {"data_length", header.data_length}, {"others", header.others}};
  for (const auto& [name, field] : optional_fields)
    if (header.*field) fields[name] = *(header.*field);
  return fields;
}

/// The header that a request describes. Bytes that JSON cannot carry come as the payload; "raw"
/// says which field they are for.
Header header_of(const Message& request) {
  const json& fields = request.body.at("header");
  const std::string raw = request.body.value("raw", "");
  Header header;
  header.command = raw == "command" ? request.payload : fields.at("command").get<std::string>();
  header.data_length = fields.at("data_length").get<std::uint64_t>();
  header.others = fields.at("others");
  for (const auto& [name, field] : optional_fields) {
    if (fields.contains(name)) header.*field = fields.at(name).get<std::string>();
    if (raw == name) header.*field = request.payload;
  }
  if (raw == "others value") header.others["raw"] = json::array({request.payload});
  if (raw == "others key") header.others[request.payload] = 1;
  return header;
}

std::span<const std::byte> bytes_of(std::string_view bytes) {
  return std::as_bytes(std::span(bytes));
}

Answer write_prefix(Message& request) {
  const auto bytes = to_prefix(request.body.at("length").get<std::int32_t>());
  Answer answer = value(nullptr);
  answer.payload.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return answer;
}

Answer take_prefix(Message& request) {
  const auto length = read_prefix(bytes_of(request.payload).first<prefix_size>(),
                                  request.body.at("limit").get<std::size_t>());
  return length ? value(*length) : failed(length.error());
}

Answer parse(Message& request) {
  const auto header = parse_header(request.payload, limits_of(request));
  return header ? value(fields_of(*header)) : failed(header.error());
}

Answer write_header(Message& request) {
  return text(header_text(header_of(request), limits_of(request)));
}

Answer write_head(Message& request) {
  return text(encode_head(header_of(request), limits_of(request)));
}

Answer write_frame(Message& request) {
  return text(encode(header_of(request), request.payload, limits_of(request)));
}

// --- the decoder ---

/// One decoder and what it told: ["header", fields], ["payload", offset in the given bytes, size],
/// ["end"], ["need_more", bytes left], ["error", fields, bytes left]. The pieces' bytes are
/// appended to `pieces`.
class Listener {
 public:
  Listener(const Limits& limits, bool watch, std::string& pieces)
      : decoder_(limits), watch_(watch), pieces_(pieces) {
    if (watch_) events_.push_back({"before", fields_of(decoder_.header())});
  }

  /// Gives the decoder bytes that are gone afterwards, as those of a socket's buffer are.
  void hear(std::string_view bytes) {
    auto given = std::make_unique<char[]>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), given.get());
    const auto all = bytes_of({given.get(), bytes.size()});
    auto rest = all;
    refused_ = false;
    // Each call takes a byte or ends a part of a frame, or says that it needs more.
    for (std::size_t calls = 0; calls < 3 * bytes.size() + 4; ++calls) {
      const auto event = decoder_.next(rest);
      if (!event) {
        events_.push_back({"error", told(event.error()), rest.size()});
        if (refused_) return;
        refused_ = true;  // how it answers when it is asked once more
        continue;
      }
      note(*event, all, rest.size());
      if (event->kind == Event::Kind::need_more) return;
    }
    events_.push_back({"no need_more"});
  }

  json events() && { return std::move(events_); }
  Result<void> finish() const { return decoder_.finish(); }

 private:
  void note(const Event& event, std::span<const std::byte> all, std::size_t left) {
    switch (event.kind) {
      case Event::Kind::header:
        events_.push_back({"header", fields_of(decoder_.header())});
        return;
      case Event::Kind::payload: {
        const bool inside = event.piece.data() >= all.data() &&
                            event.piece.data() + event.piece.size() <= all.data() + all.size();
        const std::ptrdiff_t at = inside ? event.piece.data() - all.data() : -1;
        events_.push_back({"payload", at, event.piece.size()});
        pieces_.append(reinterpret_cast<const char*>(event.piece.data()), event.piece.size());
        break;
      }
      case Event::Kind::end:
        events_.push_back({"end"});
        break;
      case Event::Kind::need_more:
        events_.push_back({"need_more", left});
        break;
    }
    if (watch_) events_.push_back({"still", fields_of(decoder_.header())});
  }

  Decoder decoder_;
  bool watch_;
  bool refused_ = false;
  std::string& pieces_;
  json events_ = json::array();
};

/// Plays the stream once for each way to cut it; a way is the sizes of its pieces.
Answer decode(Message& request) {
  Answer answer = value(json::array());
  for (const json& way : request.body.at("ways")) {
    Listener listener(limits_of(request), request.body.value("watch", false), answer.payload);
    std::string_view rest = request.payload;
    for (const json& size : way) {
      listener.hear(rest.substr(0, size.get<std::size_t>()));
      rest.remove_prefix(size.get<std::size_t>());
    }
    json told_by_way = {{"finish", nullptr}};
    if (request.body.value("finish", false))
      if (const auto finished = listener.finish(); !finished)
        told_by_way["finish"] = told(finished.error());
    told_by_way["events"] = std::move(listener).events();
    answer.body["value"].push_back(std::move(told_by_way));
  }
  return answer;
}

/// The payload's bytes, and then `pieces` times 64 KiB of zeros, through one decoder.
/// Answers how many bytes of payload it told of.
Answer flood(Message& request) {
  static const std::string zeros(std::size_t{64} << 10U, '\0');
  Decoder decoder(limits_of(request));
  std::uint64_t came = 0;
  const auto hear = [&](std::string_view bytes) {
    auto rest = bytes_of(bytes);
    for (int calls = 0; calls < 8; ++calls) {
      const auto event = decoder.next(rest);
      if (!event || event->kind == Event::Kind::need_more) return;
      if (event->kind == Event::Kind::payload) came += event->piece.size();
    }
  };
  hear(request.payload);
  for (auto left = request.body.at("pieces").get<std::size_t>(); left > 0; --left) hear(zeros);
  return value(came);
}

// --- the digest ---

Answer text_of_bytes(Message& request) {
  return text(python_text(bytes_of(request.payload)));
}

/// The payload in pieces of the given sizes, as often as "times" says.
Answer digest(Message& request) {
  CourseDigest digest;
  for (auto times = request.body.value("times", std::size_t{1}); times > 0; --times) {
    auto rest = bytes_of(request.payload);
    for (const json& size : request.body.at("sizes")) {
      digest.update(rest.first(size.get<std::size_t>()));
      rest = rest.subspan(size.get<std::size_t>());
    }
  }
  return value(digest.finish(request.body.at("salt").get<std::string>()));
}

}  // namespace

int main() {
  return dialtone::run_shim({{"to_prefix", write_prefix},
                             {"read_prefix", take_prefix},
                             {"parse_header", parse},
                             {"header_text", write_header},
                             {"encode_head", write_head},
                             {"encode", write_frame},
                             {"decode", decode},
                             {"flood", flood},
                             {"python_text", text_of_bytes},
                             {"digest", digest}});
}
