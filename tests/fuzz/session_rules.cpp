#include "session_rules.hpp"

#include "fuzz_support.hpp"

namespace fuzz {
namespace {

using framing::Header;
/// Files up to this many bytes go out like any other reply.
constexpr std::uint64_t small_file = 65'536;

struct Frame {
  Header header;
  std::string payload;
  bool whole = false;
};

struct Stream {
  std::vector<Frame> frames;
  bool is_broken = false;  ///< at its end is what is no frame
  bool is_whole = true;    ///< it ends with a frame
};

Stream frames_in(std::string_view text) {
  Stream stream;
  framing::Decoder decoder(ftp::frame_limits);
  auto bytes = bytes_of(text);
  for (;;) {
    using Kind = framing::Event::Kind;
    const auto event = decoder.next(bytes);
    stream.is_broken = !event;
    stream.is_whole = decoder.finish().has_value();
    if (!event || event->kind == Kind::need_more) return stream;
    if (event->kind == Kind::header) stream.frames.push_back({decoder.header(), "", false});
    if (event->kind == Kind::payload) stream.frames.back().payload += text_of(event->piece);
    if (event->kind == Kind::end) stream.frames.back().whole = true;
  }
}

/// A request with all that belongs to it: the data frames of a put.
struct Asked {
  Header header;
  std::string payload;
  std::uint64_t id = 0;
  tl::expected<ftp::Request, ftp::RefusedRequest> request;  ///< where it is of version 2
  std::optional<std::string> digest;                        ///< a put's, from whichever frame
  bool whole = false;

  bool is_version_2() const { return ftp::is_version_2(header); }
};

struct Requests {
  std::vector<Asked> asked;
  bool is_broken = false;  ///< after these the server cannot go on
};

Asked begun_by(const Frame& frame) {
  Asked asked{frame.header, frame.payload, 0, ftp::parse_request(frame.header), {}, frame.whole};
  asked.id = asked.request ? asked.request->id : asked.request.error().id;
  if (asked.request) asked.digest = asked.request->digest;
  return asked;
}

Requests requests_in(const Stream& stream) {
  Requests all;
  const auto& frames = stream.frames;
  for (std::size_t at = 0; at < frames.size(); ++at) {
    Asked asked = begun_by(frames[at]);
    bool more = asked.is_version_2() && asked.request && asked.request->command == "put" &&
                asked.request->more;
    while (more && asked.whole) {
      asked.whole = false;
      if (++at == frames.size()) break;
      const Asked next = begun_by(frames[at]);
      if (!next.is_version_2() || !next.request || next.request->command != "data" ||
          next.id != asked.id) {
        all.is_broken = true;
        return all;
      }
      asked.payload += next.payload;
      if (next.digest) asked.digest = next.digest;
      asked.whole = next.whole;
      more = next.request->more;
    }
    if (asked.whole) all.asked.push_back(std::move(asked));
  }
  all.is_broken = stream.is_broken;
  return all;
}

std::string digest_of(ftp::DigestKind kind, std::string_view bytes) {
  ftp::Digester digester(kind);
  digester.update(bytes_of(bytes));
  return ftp::tagged(kind, digester.so_far());
}

bool fits(std::string_view tagged, std::string_view bytes) {
  const auto digest = ftp::parse_digest(tagged);
  return digest && digest_of(digest->kind, bytes) == tagged;
}

bool fits_course(const Header& header, std::string_view payload) {
  return ftp::course::fits(header, ftp::course::digest_of(payload, ftp::course::salt_of(header)));
}

/// Whether this request says that the file is to be stored.
bool speaks_for(const Asked& asked, const MemoryStore::Stored& stored) {
  const std::string& bytes = stored.bytes;
  if (!bytes.ends_with(asked.payload)) return false;
  if (!asked.is_version_2())
    return asked.header.command == "upload" && asked.header.file_name == stored.target.name &&
           ftp::type_named(asked.header.file_type.value_or("")) == stored.target.type &&
           bytes.size() == asked.payload.size() && fits_course(asked.header, bytes);
  return asked.request && asked.request->command == "put" &&
         asked.request->target == stored.target &&
         asked.request->offset + asked.payload.size() == bytes.size() &&
         asked.request->size.value_or(bytes.size()) == bytes.size() &&
         (!asked.digest || fits(*asked.digest, bytes));
}

/// A request that was read can be written, and means the same.
void must_come_back(const Asked& asked) {
  if (!asked.request) return;
  const Header written = ftp::header_of(*asked.request);
  const auto again = ftp::parse_request(written);
  require(again && ftp::header_of(*again) == written, "a request comes back as it was");
}

bool is_a_large_file(const Header& header) {
  return header.data_length == large_file().size();
}

void check_payload(const Frame& reply) {
  if (!reply.whole) {
    if (is_a_large_file(reply.header))
      require(large_file().starts_with(reply.payload), "nothing but the file is in its payload");
    return;
  }
  const auto& fields = reply.header.others;
  if (!ftp::is_version_2(reply.header))
    return require(fits_course(reply.header, reply.payload), "an answer's digest fits");
  const auto error = ftp::error_in(reply.header);
  require(!error || reply.payload.empty(), "an error has no payload");
  if (!error && reply.header.command == "get" && fields.at("offset") == 0)
    require(fits(fields.at("digest").get<std::string>(), reply.payload), "a file's digest fits");
}

bool is_error(const Header& reply) {
  return ftp::is_version_2(reply) ? ftp::error_in(reply).has_value()
                                  : reply.others.contains("error");
}

void check_answer(const Header& reply, const Asked& asked) {
  require(reply.command == asked.header.command, "an answer names the command that it answers");
  require(ftp::is_version_2(reply) == asked.is_version_2(),
          "an answer is in the request's version");
  if (asked.is_version_2()) require(reply.others.at("id") == asked.id, "an answer repeats the id");
}

void check_turned_away(const Stream& replies, const MemoryStore& store) {
  require(replies.frames.size() <= 1, "who is turned away is told once");
  require(store.stored().empty(), "nothing is stored of who is turned away");
  for (const Frame& reply : replies.frames) {
    const auto& error = reply.header.others.at("error");
    require((error.is_object() ? error.at("code") : error) == "busy",
            "who is turned away hears why");
  }
}

/// Whether a reply is no answer, but says that nothing further will come.
bool is_last_words(const Header& reply, std::span<const Asked> left) {
  if (reply.command != "error" || !is_error(reply)) return false;
  return left.empty() || left.front().header.command != "error";
}

void check_stored(const Requests& requests, const MemoryStore& store) {
  for (const auto& stored : store.stored()) {
    bool said = false;
    for (const Asked& asked : requests.asked) said = said || speaks_for(asked, stored);
    require(said, "what is stored was said, and fits its digest");
  }
}

struct Answers {
  std::size_t count = 0;
  std::size_t stored = 0;  ///< that say that a file was stored
  bool last_words = false;
};

Answers check_answers(const Stream& replies, const Requests& requests) {
  Answers answers;
  for (const Frame& reply : replies.frames) {
    require(!answers.last_words, "nothing follows the last words");
    answers.last_words =
        is_last_words(reply.header, std::span(requests.asked).subspan(answers.count));
    if (answers.last_words) continue;
    require(answers.count < requests.asked.size(), "there is no answer without a request");
    check_answer(reply.header, requests.asked[answers.count++]);
    const std::string& command = reply.header.command;
    if ((command == "put" || command == "upload") && !is_error(reply.header)) ++answers.stored;
  }
  return answers;
}

}  // namespace

void must_hold(const Talk& talk, const MemoryStore& store) {
  const Stream replies = frames_in(talk.heard);
  require(!replies.is_broken, "what the server says is frames");
  for (const Frame& reply : replies.frames) check_payload(reply);
  require(store.under_way() == 0, "every upload has an end");
  if (talk.was_turned_away) return check_turned_away(replies, store);

  const Requests requests = requests_in(frames_in(talk.said));
  for (const Asked& asked : requests.asked) must_come_back(asked);
  check_stored(requests, store);
  const Answers answers = check_answers(replies, requests);
  require(answers.stored <= store.stored().size(), "what is told to be stored is stored");
  const bool is_out_of_time = talk.ending == Ending::out_of_time;
  // Time that is over during the last words is over for good.
  const bool may_be_cut = talk.ending == Ending::cut || (is_out_of_time && requests.is_broken);
  if (may_be_cut || store.showed_a_shrunk_file()) return;

  const bool ends_in_large_file =
      !replies.frames.empty() && replies.frames.back().header.data_length > small_file;
  require(replies.is_whole || (is_out_of_time && ends_in_large_file), "an answer is whole");
  require(answers.stored == store.stored().size(), "what is refused is not stored");
  if (is_out_of_time) return;
  const std::string_view heeded =
      talk.ending == Ending::stopped ? talk.said.substr(0, talk.before) : talk.said;
  require(answers.count >= requests_in(frames_in(heeded)).asked.size(), "requests are answered");
  if (talk.ending == Ending::calm)
    require(answers.last_words == requests.is_broken, "what is no frame has the last words");
}

}  // namespace fuzz
