// Reading a capture: which format it is, and the window on its bytes.
#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <variant>

#include "capture_format.hpp"
#include "language.hpp"

namespace tracing {

using dialtone::tr;

// --- the window ------------------------------------------------------------------------------

ByteWindow::ByteWindow(ByteSource source) : source_(std::move(source)), buffer_(first) {}

bool ByteWindow::fill(std::size_t count) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (read_ >= first && buffer_.size() < usual) buffer_.resize(usual);
  if (count > buffer_.size()) buffer_.resize(most);
  while (end_ < count && !ended_) {
    const std::size_t got = source_(std::span(buffer_).subspan(end_));
    ended_ = got == 0;
    end_ += got;
    read_ += got;
  }
  return end_ >= count;
}

bool ByteWindow::skip(std::uint64_t count) {
  while (count > 0) {
    if (!has(1)) return false;
    const std::uint64_t step = std::min<std::uint64_t>(count, end_ - begin_);
    begin_ += static_cast<std::size_t>(step);
    count -= step;
  }
  return true;
}

// --- what is wrong ---------------------------------------------------------------------------

bool Reading::refuse(std::uint64_t at, const std::string& what) {
  const std::string byte = std::to_string(at);
  trouble = tr("byte " + byte + ": ", "第 " + byte + " 字节处：") + what;
  return false;
}

bool Reading::refuse_size(std::uint64_t at, std::uint64_t captured) {
  const std::string bytes = std::to_string(captured);
  const std::string most = std::to_string(most_captured);
  return refuse(at, coming_packet() + tr(" has " + bytes + " bytes, at most " + most,
                                         "有 " + bytes + " 字节，至多 " + most + " 字节"));
}

bool Reading::refuse_cut(std::uint64_t at, std::uint64_t whole, const std::string& of_what) {
  const std::string there = std::to_string(window.offset() + window.bytes().size() - at);
  const std::string all = std::to_string(whole);
  return refuse(
      at, tr("the file is cut: " + there + " of " + all + " bytes of " + of_what + " are there",
             "文件不完整：" + of_what + "应有 " + all + " 字节，只有 " + there + " 字节"));
}

std::string Reading::coming_packet() const {
  const std::string number = std::to_string(packets + 1);
  return tr("packet " + number, "第 " + number + " 个包");
}

// --- which format ----------------------------------------------------------------------------

namespace {

/// What compresses files, and undoes it.
struct Compression {
  std::array<unsigned char, 4> magic;
  std::size_t size;
  const char* name;
  const char* undo;
};
constexpr Compression compressions[] = {{{0x1f, 0x8b}, 2, "gzip", "gunzip"},
                                        {{0x28, 0xb5, 0x2f, 0xfd}, 4, "zstd", "unzstd"},
                                        {{0x04, 0x22, 0x4d, 0x18}, 4, "lz4", "unlz4"}};

std::string no_capture(Bytes magic) {
  if (magic.empty()) return tr("the file is empty", "文件是空的");
  for (const Compression& one : compressions) {
    if (magic.size() < one.size || std::memcmp(magic.data(), one.magic.data(), one.size) != 0)
      continue;
    return tr(std::string("compressed (") + one.name + "): " + one.undo + " it first",
              std::string("文件已压缩（") + one.name + "）：请先用 " + one.undo + " 解压");
  }
  std::string hex;
  for (const std::byte byte : magic) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", std::to_integer<unsigned>(byte));
    hex += digits;
  }
  return tr("neither pcap nor pcapng: it begins with" + hex,
            "既不是 pcap 也不是 pcapng：开头是" + hex);
}

}  // namespace

struct CaptureReader::State {
  explicit State(ByteSource source) : reading(std::move(source)) {}

  /// Looks at the first bytes.
  bool begin() {
    const bool enough = reading.window.has(PcapReader::magic_size);
    const Bytes there = reading.window.bytes();
    const Bytes magic = there.first(std::min(there.size(), PcapReader::magic_size));
    if (enough && PcapngReader::knows(magic)) {
      format.emplace<PcapngReader>();
      return true;
    }
    if (enough && PcapReader::knows(magic)) return format.emplace<PcapReader>().begin(reading);
    return reading.refuse(0, no_capture(magic));
  }

  bool next(CapturedPacket& packet) {
    if (auto* pcap = std::get_if<PcapReader>(&format)) return pcap->next(reading, packet);
    return std::get<PcapngReader>(format).next(reading, packet);
  }

  Reading reading;
  std::variant<std::monostate, PcapReader, PcapngReader> format;
  bool begun = false;
  bool over = false;
};

CaptureReader::CaptureReader(ByteSource source)
    : state_(std::make_unique<State>(std::move(source))) {}
CaptureReader::CaptureReader(CaptureReader&&) noexcept = default;
CaptureReader::~CaptureReader() = default;

bool CaptureReader::next(CapturedPacket& packet) {
  if (!state_->begun) {
    state_->begun = true;
    state_->over = !state_->begin();
  }
  if (!state_->over) state_->over = !state_->next(packet);
  return !state_->over;
}

const std::string& CaptureReader::trouble() const {
  return state_->reading.trouble;
}

}  // namespace tracing
