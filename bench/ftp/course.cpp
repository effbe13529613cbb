// Version 1, whose digest is MD5 over the text that Python makes of the bytes.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "client.hpp"
#include "process.hpp"
#include "sections.hpp"

namespace ftp_bench {

using namespace bench;
using dialtone::tr;

namespace {

constexpr double mebi = 1024.0 * 1024.0;
constexpr std::string_view file_name = "course.bin";

Talk download(std::uint64_t size) {
  framing::Header header = ftp::course::header_for(ftp::course::download_command, file_name);
  header.file_type = "file";
  header.file_name = file_name;
  Talk talk;
  talk.head = head_of(header) + std::string(file_name);
  talk.coming = size;
  return talk;
}

Talk upload(std::uint64_t size) {
  framing::Header header;
  header.command = ftp::course::upload_command;
  header.data_length = size;
  header.file_type = "file";
  header.file_name = file_name;
  header.salt = ftp::course::fresh_salt();
  framing::CourseDigest digest;
  for (std::uint64_t i = 0; i < size / block_size; ++i)
    digest.update(std::as_bytes(std::span(block())));
  header.encrypted = digest.finish(*header.salt);
  Talk talk;
  talk.head = head_of(header);
  talk.payload = size;
  talk.coming = std::nullopt;
  return talk;
}

/// What the digest cannot be faster than: MD5 over text that is already written out.
void md5_alone(const std::string& text, std::uint64_t size) {
  constexpr std::size_t cut = std::size_t{64} << 10U;
  framing::Md5 digest;
  for (std::uint64_t i = 0; i < size / block_size; ++i)
    for (std::string_view left = text; !left.empty();
         left.remove_prefix(std::min(cut, left.size())))
      digest.update(left.substr(0, cut));
  must(digest.finish().size() == 32, "no digest");
}

void touch(const Setting& setting) {
  ::utimensat(AT_FDCWD, setting.stored(std::string(file_name)).c_str(), nullptr, 0);
}

// --- whether it goes on answering ---

/// Asks for one small thing again and again, over a session of its own.
class Prober {
 public:
  explicit Prober(std::uint16_t port) : socket_(connect_to(port)) {}

  void ask() {
    const auto begin = std::chrono::steady_clock::now();
    hold(socket_.get(), talk_);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
    times_.push_back(took.count());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  /// The middle and the worst of the times since the last call.
  struct Times {
    double middle = 0;
    double worst = 0;
  };
  Times take() {
    std::vector<double> times = std::exchange(times_, {});
    must(!times.empty(), "it was over before one request was answered");
    std::sort(times.begin(), times.end());
    return {times[times.size() / 2], times.back()};
  }

 private:
  dialtone::FileDescriptor socket_;
  const Talk talk_ = stat(plain_file(std::string(file_name)));
  std::vector<double> times_;
};

struct Answers {
  Figure middle;
  Figure worst;
  explicit Answers(const std::string& when)
      : middle{when + tr(", p50", "，p50"), tr("us", "微秒"), {}},
        worst{when + tr(", worst", "，最慢"), tr("us", "微秒"), {}} {}
  void add(Prober::Times times) {
    middle.values.push_back(times.middle);
    worst.values.push_back(times.worst);
  }
};

}  // namespace

Report course_speed(const Setting& setting) {
  const std::uint64_t size = setting.sizes.course;
  const auto server = start_server(setting);
  const std::uint16_t port = server.address().port;
  const std::string text = framing::python_text(std::as_bytes(std::span(block())));
  const Talk up = upload(size);
  const Talk down = download(size);
  const double amount = static_cast<double>(size) / mebi;
  const auto speed = [&](const Talk& talk) { return amount / seconds_of_talks(port, {talk}); };
  seconds_of_talks(port, {up});
  Report report;
  report.title = tr("Version 1: random bytes, ", "第 1 版：随机字节，") + size_text(size);
  report.figures =
      measure({rate_of(tr("MD5 alone, of the text written out", "只算 MD5，文本已经写好"), "MiB/s",
                       amount, [&] { md5_alone(text, size); }),
               {{tr("upload", "上传"), "MiB/s", {}},
                [&] {
                  std::filesystem::remove(setting.stored(std::string(file_name)));
                  return speed(up);
                }},
               {{tr("first download", "首次下载"), "MiB/s", {}},
                [&] {
                  touch(setting);
                  return speed(down);
                }},
               {{tr("download, digest remembered", "再次下载，摘要已记住"), "MiB/s", {}},
                [&] { return speed(down); }}},
              setting.runs);
  const auto verdict = [&](std::size_t figure, const std::string& what) {
    const double part = share(report.figures[figure], report.figures[0]);
    return Verdict{
        what + percent(part) + tr(" of MD5 alone; goal 80 %", "（与只算 MD5 之比；目标 80 %）"),
        part >= 0.8};
  };
  report.verdicts = {verdict(1, tr("upload: ", "上传：")),
                     verdict(2, tr("first download: ", "首次下载："))};
  report.bound =
      tr("bound: MD5, one byte after the other, over 2.9 characters a byte. A download "
         "cannot begin before its digest is known: the header comes first.",
         "瓶颈：MD5 只能逐字节算，而每个字节写出来平均 2.9 个字符。头部在前，"
         "所以摘要算好之前下载无法开始。");
  return report;
}

Report course_answers(const Setting& setting) {
  const std::uint64_t size = setting.sizes.course;
  const auto server = start_server(setting, {"--threads", "1"});
  const std::uint16_t port = server.address().port;
  const Talk up = upload(size);
  const Talk down = download(size);
  seconds_of_talks(port, {up});
  Prober prober(port);
  const auto probe = [&] { prober.ask(); };
  Answers alone(tr("nothing else going on", "别无他事"));
  Answers uploading(tr("during an upload", "上传期间"));
  Answers downloading(tr("during a first download", "首次下载期间"));
  Figure transfer{tr("what the first download takes", "首次下载所需"), tr("us", "微秒"), {}};
  for (std::size_t run = 0; run < setting.runs; ++run) {
    for (int i = 0; i < 100; ++i) probe();
    alone.add(prober.take());
    seconds_of_talks(port, {up}, probe);
    uploading.add(prober.take());
    touch(setting);
    transfer.values.push_back(1e6 * seconds_of_talks(port, {down}, probe));
    downloading.add(prober.take());
  }
  Report report;
  report.title = tr("Version 1: a small request of another session, one event loop (--threads 1)",
                    "第 1 版：另一会话的小请求，单个事件循环（--threads 1）");
  for (Answers* answers : {&alone, &uploading, &downloading})
    for (Figure* figure : {&answers->middle, &answers->worst})
      report.figures.push_back(std::move(*figure));
  const double worst = std::max(report.figures[3].median(), report.figures[5].median());
  const double tenth = transfer.median() / 10;
  report.figures.push_back(std::move(transfer));
  report.verdicts = {{tr("the worst answer took ", "最慢的回答用了 ") + number(worst / 1000) +
                          tr(" ms; it goes on answering: goal, a tenth of the digest's time, ",
                             " 毫秒；照常应答的目标：不超过摘要用时的十分之一，") +
                          number(tenth / 1000) + tr(" ms", " 毫秒"),
                      worst <= tenth}};
  report.bound =
      tr("bound: the machine's processors, which digest, transfer and question share; "
         "the digest is made by a worker, so that the loop is free",
         "瓶颈：摘要、传输与提问共用机器的处理器；摘要由工作线程计算，事件循环空闲");
  return report;
}

}  // namespace ftp_bench
