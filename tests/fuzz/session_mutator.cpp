// Mutates conversations so that most of them are still understood: a frame keeps a right length in
// front, a right data_length and, where it had one, a right digest. One in eight is left as it is.
#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "fuzz_support.hpp"
#include "wire.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using nlohmann::json;
using Random = std::minstd_rand;

constexpr std::size_t plan_size = 4;  // the bytes in front of the words

struct Frame {
  std::string header;
  std::string payload;
};

std::size_t pick(Random& random, std::size_t count) {
  return random() / 16 % count;
}

std::string mutated(std::string text, std::size_t room) {
  const std::size_t size = text.size();
  text.resize(size + room);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

/// Whole frames; what follows the last one is left out, once in a while is enough.
std::vector<Frame> frames_in(std::string_view words) {
  std::vector<Frame> frames;
  while (words.size() > framing::prefix_size) {
    const auto prefix = fuzz::bytes_of(words).first<framing::prefix_size>();
    const auto length = framing::read_prefix(prefix, words.size() - framing::prefix_size);
    if (!length) break;
    Frame frame{std::string(words.substr(framing::prefix_size, *length)), ""};
    words.remove_prefix(framing::prefix_size + *length);
    const auto header = framing::parse_header(frame.header, ftp::frame_limits);
    if (header) frame.payload = words.substr(0, header->data_length);
    words.remove_prefix(frame.payload.size());
    frames.push_back(std::move(frame));
  }
  return frames;
}

/// Values that mean something in one field or another.
json telling_value(Random& random) {
  static const json values = json::parse(R"([
    "hello", "list", "stat", "get", "put", "data", "remove", "rename",
    "show_file_name_list", "download_file", "upload", "main", "img", "video", "file", "",
    "a.png", "large", "shrunk", "shrunk, large", "b", "..", "a/b", "é", "é", "\n",
    "open:busy", "open:28", "digest:changed", "create:read-only", "write:no-space", "commit:system",
    "keep:no-space", "partial:system", "stat:system", "remove:read-only", "rename:exists",
    "xxh3-128", "sha-256", "md5", "xxh3-128:0", null, true, false, 0, 1, 2, 3, 7, 8, 300000,
    300001, -1, 1.5, 9007199254740991, 9007199254740992, 18446744073709551615, [], {}])");
  return values[pick(random, values.size())];
}

void mutate_fields(std::string& text, Random& random) {
  constexpr std::array names{"version", "id",       "command",       "file_type", "file_name",
                             "digest",  "offset",   "prefix_digest", "size",      "more",
                             "to_name", "to_type",  "replace",       "after",     "limit",
                             "salt",    "encrypted"};
  json header = json::parse(text, nullptr, false);
  if (!header.is_object()) return;
  const char* name = names[pick(random, names.size())];
  if (pick(random, 5) == 0)
    header.erase(name);
  else
    header[name] = telling_value(random);
  text = header.dump(-1, ' ', false, json::error_handler_t::replace);
}

void mutate_frames(std::vector<Frame>& frames, Random& random) {
  if (frames.empty()) frames.push_back({R"({"command":"hello","data_length":0})", ""});
  const std::size_t at = pick(random, frames.size());
  const auto place = frames.begin() + static_cast<std::ptrdiff_t>(at);
  switch (pick(random, 10)) {
    case 0:
      frames.insert(place, Frame(frames[pick(random, frames.size())]));
      break;
    case 1:
      frames.erase(place);
      break;
    case 2:
      std::swap(frames[at], frames[pick(random, frames.size())]);
      break;
    case 3:
      place->header = mutated(place->header, 64);
      break;
    case 4:
    case 5:
      place->payload = mutated(place->payload, 64);
      break;
    default:
      mutate_fields(place->header, random);
  }
}

/// Puts right what depends on the payload. `whole`: the payload since the last put.
void repair(Frame& frame, std::string& whole) {
  json header = json::parse(frame.header, nullptr, false);
  if (!header.is_object()) return;
  header["data_length"] = frame.payload.size();
  if (header.value("command", json()) != "data") whole.clear();
  whole += frame.payload;
  if (header.contains("encrypted")) {
    const json salt = header.value("salt", json());
    header["encrypted"] =
        ftp::course::digest_of(frame.payload, salt.is_string() ? salt.get<std::string>() : "None");
  }
  const json digest = header.value("digest", json());
  const auto tagged = ftp::parse_digest(digest.is_string() ? digest.get<std::string>() : "");
  if (tagged) {
    ftp::Digester digester(tagged->kind);
    digester.update(fuzz::bytes_of(whole));
    header["digest"] = ftp::tagged(tagged->kind, digester.so_far());
  }
  frame.header = header.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string words_of(const std::vector<Frame>& frames) {
  std::string words;
  for (const Frame& frame : frames) {
    const auto prefix = framing::to_prefix(static_cast<std::int32_t>(frame.header.size()));
    words += fuzz::text_of(prefix);
    words += frame.header + frame.payload;
  }
  return words;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  Random random(seed);
  if (size < plan_size || pick(random, 8) == 0) return LLVMFuzzerMutate(data, size, most);
  if (pick(random, 8) == 0) {
    LLVMFuzzerMutate(data, plan_size, plan_size);
    return size;
  }
  std::vector<Frame> frames =
      frames_in({reinterpret_cast<const char*>(data) + plan_size, size - plan_size});
  mutate_frames(frames, random);
  std::string whole;
  if (pick(random, 8) != 0)
    for (Frame& frame : frames) repair(frame, whole);
  const std::string words = words_of(frames);
  const std::size_t kept = std::min(words.size(), most - plan_size);
  std::copy_n(words.begin(), kept, data + plan_size);
  return plan_size + kept;
}
