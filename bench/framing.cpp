// How fast lab 08's frames and digest are, each beside what bounds it, measured in the same run:
//   large frames over a pipe    beside a bare read loop over the same bytes
//   small frames over a pipe    beside what their JSON headers alone take
//   the course's digest         beside MD5 over the text that is already written out
// The writer is a process of its own. Medians of several runs, taken in turns, so that a busy
// moment of the machine meets both sides of a comparison.
#include "framing.hpp"

#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "command_line.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "measure.hpp"
#include "random.hpp"

namespace {

using dialtone::Failure;
using dialtone::FileDescriptor;
using dialtone::tr;
using namespace bench;

constexpr std::size_t cut = std::size_t{64} << 10U;

// --- a pipe with a writer at its other end ---

/// Writes the bytes again and again, from a process of its own.
class Writer {
 public:
  Writer(std::string_view bytes, std::size_t times) {
    int ends[2];
    if (pipe(ends) != 0) throw Failure(std::string("pipe: ") + std::strerror(errno));
    read_end_.reset(ends[0]);
    const FileDescriptor write_end(ends[1]);
    pid_ = fork();
    if (pid_ < 0) throw Failure(std::string("fork: ") + std::strerror(errno));
    if (pid_ > 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    read_end_.reset();
    for (; times > 0; --times)
      for (std::string_view left = bytes; !left.empty();) {
        const ssize_t count = ::write(write_end.get(), left.data(), left.size());
        if (count <= 0) _exit(1);
        left.remove_prefix(static_cast<std::size_t>(count));
      }
    _exit(0);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  ~Writer() {
    read_end_.reset();
    waitpid(pid_, nullptr, 0);
  }

  /// The next bytes, 64 KiB at most; none at the end.
  std::span<const std::byte> next() {
    const ssize_t count = ::read(read_end_.get(), buffer_.data(), buffer_.size());
    if (count < 0) throw Failure(std::string("read: ") + std::strerror(errno));
    return std::span(buffer_).first(static_cast<std::size_t>(count));
  }

 private:
  FileDescriptor read_end_;
  pid_t pid_ = -1;
  std::array<std::byte, cut> buffer_;
};

void read_bare(std::string_view bytes, std::size_t times) {
  Writer writer(bytes, times);
  std::size_t total = 0;
  for (auto came = writer.next(); !came.empty(); came = writer.next()) total += came.size();
  must(total == bytes.size() * times, "bytes are missing");
}

void read_frames(std::string_view bytes, std::size_t times, std::size_t frames) {
  Writer writer(bytes, times);
  framing::Decoder decoder;
  std::size_t ended = 0;
  std::size_t payload = 0;
  for (auto came = writer.next(); !came.empty(); came = writer.next()) {
    for (;;) {
      const auto event = decoder.next(came);
      must(event.has_value(), "a frame was refused");
      using Kind = framing::Event::Kind;
      if (event->kind == Kind::need_more) break;
      if (event->kind == Kind::payload) payload += event->piece.size();
      if (event->kind == Kind::end) ++ended;
    }
  }
  must(decoder.finish().has_value() && ended == frames * times && payload > 0,
       "frames are missing");
}

// --- what is sent ---

framing::Header header_of(std::string_view payload, dialtone::Random& random) {
  framing::Header header;
  header.command = "upload";
  header.data_length = payload.size();
  header.salt = random.text(32, "0123456789abcdef");
  header.encrypted = random.text(32, "0123456789abcdef");
  header.file_type = "img";
  header.file_name = random.text(8, "abcdefgh") + ".jpeg";
  return header;
}

std::string frame_of(const std::string& payload, dialtone::Random& random) {
  const auto frame = framing::encode(header_of(payload, random), payload);
  must(frame.has_value(), "a frame cannot be encoded");
  return *frame;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// --- the three comparisons ---

Report large_frames(std::size_t runs, std::size_t scale) {
  dialtone::Random random(1);
  const std::string frame = frame_of(random.bytes(std::size_t{1} << 20U), random);
  const std::size_t times = 64 * scale;
  const double amount = static_cast<double>(frame.size() * times) / mebi;
  Report report;
  report.title = tr("Frames of 1 MiB over a pipe, 64 KiB cuts", "管道上 1 MiB 的帧，每次读 64 KiB");
  report.figures = measure(
      {rate_of(tr("bare read loop", "只读不解"), "MiB/s", amount, [&] { read_bare(frame, times); }),
       rate_of(tr("decoder", "解码器"), "MiB/s", amount, [&] { read_frames(frame, times, 1); })},
      runs);
  const double ratio = share(report.figures[1], report.figures[0]);
  report.verdicts = {
      {percent(ratio) + tr(" of the bare loop; goal 90 %", "（与只读之比；目标 90 %）"),
       ratio >= 0.9}};
  report.bound = tr("the pipe: the kernel copies every byte twice, in and out",
                    "瓶颈是管道：内核把每个字节复制两遍，一进一出");
  return report;
}

Report small_frames(std::size_t runs, std::size_t scale) {
  dialtone::Random random(2);
  constexpr std::size_t count = 1000;
  std::string stream;
  std::vector<std::string> headers;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string payload = random.bytes(64);
    const framing::Header header = header_of(payload, random);
    headers.push_back(framing::header_text(header).value());
    stream += framing::encode(header, payload).value();
  }
  const std::size_t times = 40 * scale;
  const auto each_header = [&](const auto& use) {
    for (std::size_t i = 0; i < times; ++i)
      for (const std::string& text : headers) must(use(text), "a header was refused");
  };
  const auto amount = static_cast<double>(count * times);
  Report report;
  report.title = tr("Frames with a payload of 64 bytes and a header of ", "载荷 64 字节，头部 ") +
                 std::to_string(headers.front().size()) +
                 tr(" bytes, six fields", " 字节、六个字段的帧");
  const std::string unit = tr("frames/s", "帧/秒");
  report.figures = measure(
      {rate_of(tr("decoder over a pipe", "管道上的解码器"), unit, amount,
               [&] { read_frames(stream, times, count); }),
       rate_of(tr("bare read loop, same bytes", "只读不解，同样的字节"), unit, amount,
               [&] { read_bare(stream, times); }),
       rate_of(tr("parse_header alone", "只有 parse_header"), unit, amount,
               [&] {
                 each_header(
                     [](const std::string& t) { return framing::parse_header(t).has_value(); });
               }),
       rate_of(tr("nlohmann: tree (parse)", "nlohmann：建树（parse）"), unit, amount,
               [&] {
                 each_header(
                     [](const std::string& t) { return nlohmann::json::parse(t).is_object(); });
               }),
       rate_of(
           tr("nlohmann: check only (accept)", "nlohmann：只检查（accept）"), unit, amount,
           [&] { each_header([](const std::string& t) { return nlohmann::json::accept(t); }); })},
      runs);
  const double rate = report.figures[0].median();
  report.verdicts = {{number(rate) + tr(" frames a second; goal 400,000", " 帧每秒；目标 400,000"),
                      rate >= 400000}};
  const auto nanoseconds = [&](std::size_t figure) {
    return number(1e9 / report.figures[figure].median());
  };
  report.bound = tr("the JSON library's lexer: a frame takes ", "瓶颈是 JSON 库的词法分析：一帧 ") +
                 nanoseconds(0) + tr(" ns, parse_header alone ", " 纳秒，单是 parse_header 就要 ") +
                 nanoseconds(2) + tr(" ns, the library's bare check ", " 纳秒，库只做检查也要 ") +
                 nanoseconds(4) + tr(" ns", " 纳秒");
  return report;
}

void digest_in_cuts(std::string_view data) {
  framing::CourseDigest digest;
  for (; !data.empty(); data.remove_prefix(std::min(cut, data.size())))
    digest.update(bytes_of(data.substr(0, cut)));
  must(digest.finish("salt").size() == 32, "no digest");
}

void md5_in_cuts(std::string_view text) {
  framing::Md5 digest;
  for (; !text.empty(); text.remove_prefix(std::min(cut, text.size())))
    digest.update(text.substr(0, cut));
  must(digest.finish().size() == 32, "no digest");
}

std::vector<Figure> digests(const std::string& data, std::size_t runs) {
  const std::string text = framing::python_text(bytes_of(data));
  const double amount = static_cast<double>(data.size()) / mebi;
  return measure({rate_of(tr("MD5 of the text, written out", "MD5：文本已经写好"), "MiB/s", amount,
                          [&] { md5_in_cuts(text); }),
                  rate_of(tr("course digest, in cuts", "课上的摘要，分段求"), "MiB/s", amount,
                          [&] { digest_in_cuts(data); })},
                 runs);
}

Report digest_of_random(std::size_t runs, std::size_t scale) {
  Report report;
  report.title = tr("The course's digest of random bytes", "随机字节的摘要（课上的方法）");
  const std::string data = dialtone::Random(3).bytes((std::size_t{2} << 20U) * scale);
  report.figures = digests(data, runs);
  const double ratio = share(report.figures[1], report.figures[0]);
  report.verdicts = {
      {percent(ratio) + tr(" of MD5 alone; goal 80 %", "（与单独的 MD5 之比；目标 80 %）"),
       ratio >= 0.8}};
  const double grown = static_cast<double>(framing::python_text(bytes_of(data)).size()) /
                       static_cast<double>(data.size());
  report.bound = tr("MD5, one byte after the other: written out, a random byte is ",
                    "瓶颈是 MD5，只能逐字节算：一个随机字节写出来平均是 ") +
                 std::to_string(grown).substr(0, 4) + tr(" characters", " 个字符");
  return report;
}

Report digest_of_text(std::size_t runs, std::size_t scale) {
  Report report;
  report.title = tr("The course's digest of text without quotes, the worst case",
                    "不含引号的文本的摘要，最坏的情形");
  const std::string data = dialtone::Random(4).text((std::size_t{4} << 20U) * scale,
                                                    "abcdefghijklmnopqrstuvwxyz 0123456789,.-");
  report.figures = digests(data, runs);
  report.verdicts = {{percent(share(report.figures[1], report.figures[0])) +
                          tr(" of MD5 alone; 50 % is the most that two digests can do",
                             "（与单独的 MD5 之比；要算两个摘要，至多 50 %）"),
                      {}}};
  report.bound = tr("two MD5s: until a double quote comes, nobody knows which quotes Python takes",
                    "瓶颈是两个 MD5：双引号没出现之前，不知道 Python 会用哪种引号");
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(tr("Measures lab 08: frames and digest, each beside what bounds it.",
                               "测量实验 08：帧与摘要，各与其瓶颈对照。"),
                            "framing_bench");
  std::size_t runs = 7;
  std::size_t scale = 16;
  bool json = false;
  app.add_option("--runs", runs, tr("runs of each; the median counts", "各测几次，取中位数"))
      .between(1, 99)
      .capture_default_str();
  app.add_option("--scale", scale, tr("how much is moved in a run", "每次的数据量"))
      .between(1, 1000)
      .capture_default_str();
  app.add_flag("--json", json, tr("a line of JSON a comparison", "每项对照一行 JSON"));
  return dialtone::run_program(app, argc, argv, [&] {
    for (const auto& compare : {large_frames, small_frames, digest_of_random, digest_of_text})
      tell(compare(runs, scale), json);
    return dialtone::exit_success;
  });
}
