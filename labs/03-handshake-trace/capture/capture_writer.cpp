// Writing a capture, as pcapng.
#include <algorithm>
#include <charconv>

#include "capture_file.hpp"

namespace tracing {

namespace {

constexpr std::uint16_t end_of_options = 0;
constexpr std::size_t most_comment = 65535;  // an option's length has 16 bits

/// A block that is being put together; numbers have their least significant byte first, on every
/// machine.
class Block {
 public:
  explicit Block(std::uint32_t type) {
    number(type, 4);
    number(0, 4);  // the length, which comes last
  }

  void number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) text_ += static_cast<char>(value >> (8 * i) & 0xffU);
  }

  void padded(std::string_view bytes) {
    text_ += bytes;
    text_.append((4 - bytes.size() % 4) % 4, '\0');
  }

  void option(std::uint16_t code, std::string_view value) {
    number(code, 2);
    number(value.size(), 2);
    padded(value);
  }

  const std::string& whole() {
    const std::uint64_t length = text_.size() + 4;
    number(length, 4);
    for (std::size_t i = 0; i < 4; ++i) text_[4 + i] = static_cast<char>(length >> (8 * i) & 0xffU);
    return text_;
  }

 private:
  std::string text_;
};

std::string section_header() {
  constexpr std::uint64_t not_said = ~std::uint64_t{0};
  Block block(0x0a0d0d0a);
  block.number(0x1a2b3c4d, 4);
  block.number(1, 2);
  block.number(0, 2);
  block.number(not_said, 8);
  return block.whole();
}

std::string interface(std::uint32_t link_type) {
  constexpr std::uint16_t if_tsresol = 9;
  Block block(1);
  block.number(link_type, 2);
  block.number(0, 2);
  block.number(most_captured, 4);
  block.option(if_tsresol, "\x09");
  block.option(end_of_options, "");
  return block.whole();
}

}  // namespace

CaptureWriter::CaptureWriter(ByteSink sink) : sink_(std::move(sink)) {
  sink_(section_header());
}

void CaptureWriter::add(const CapturedPacket& packet) {
  constexpr std::uint16_t opt_comment = 1;
  auto found = std::find(interfaces_.begin(), interfaces_.end(), packet.link_type);
  if (found == interfaces_.end()) {
    sink_(interface(packet.link_type));
    found = interfaces_.insert(found, packet.link_type);
  }
  const Bytes bytes = packet.bytes.first(std::min(packet.bytes.size(), most_captured));
  const auto time = static_cast<std::uint64_t>(std::max<Nanoseconds>(packet.time, 0));
  Block block(6);
  block.number(static_cast<std::uint64_t>(found - interfaces_.begin()), 4);
  block.number(time >> 32U, 4);
  block.number(time, 4);
  block.number(bytes.size(), 4);
  block.number(std::max<std::uint64_t>(packet.length, bytes.size()), 4);
  block.padded({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!packet.comment.empty()) {
    block.option(opt_comment, packet.comment.substr(0, most_comment));
    block.option(end_of_options, "");
  }
  sink_(block.whole());
}

// --- what our own wire says of a packet ------------------------------------------------------

namespace {

constexpr std::string_view lost_text = "lost";
constexpr std::string_view before_delay = "arrives after ";
constexpr std::string_view behind_delay = " ms";
constexpr Nanoseconds millisecond = 1'000'000;
constexpr std::size_t decimals = 6;

/// Takes the digits at the front of a text, at least one and at most so many.
bool take_digits(std::string_view& text, std::size_t most, Nanoseconds& value) {
  const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
  if (count == 0 || count > most) return false;
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return true;
}

}  // namespace

std::string fate_comment(bool lost, Nanoseconds delay) {
  if (lost) return std::string(lost_text);
  delay = std::max<Nanoseconds>(delay, 0);
  std::string text = std::string(before_delay) + std::to_string(delay / millisecond);
  std::string fraction = std::to_string(millisecond + delay % millisecond).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) text += "." + fraction;
  return text + std::string(behind_delay);
}

bool read_fate(std::string_view comment, bool& lost, Nanoseconds& delay) {
  if (comment == lost_text) {
    lost = true;
    delay = 0;
    return true;
  }
  if (!comment.starts_with(before_delay) || !comment.ends_with(behind_delay) ||
      comment.size() < before_delay.size() + behind_delay.size())
    return false;
  comment.remove_prefix(before_delay.size());
  comment.remove_suffix(behind_delay.size());
  constexpr std::size_t most_digits = 12;  // as milliseconds they fit as nanoseconds
  Nanoseconds whole = 0;
  Nanoseconds part = 0;
  if (!take_digits(comment, most_digits, whole)) return false;
  if (comment.starts_with('.')) {
    comment.remove_prefix(1);
    const std::size_t before = comment.size();
    if (!take_digits(comment, decimals, part)) return false;
    for (std::size_t digits = before - comment.size(); digits < decimals; ++digits) part *= 10;
  }
  if (!comment.empty()) return false;
  lost = false;
  delay = whole * millisecond + part;
  return true;
}

}  // namespace tracing
