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
  // A first download is the digest and then the transfer: so is what it is held against.
  Figure in_turn = report.figures[0];
  for (std::size_t run = 0; run < in_turn.values.size(); ++run)
    in_turn.values[run] = 1 / (1 / in_turn.values[run] + 1 / report.figures[3].values[run]);
  const double up_part = share(report.figures[1], report.figures[0]);
  const double down_part = share(report.figures[2], in_turn);
  const double down_part_alone = share(report.figures[2], report.figures[0]);
  report.verdicts = {{tr("upload: ", "上传：") + percent(up_part) +
                          tr(" of MD5 alone; goal 80 %", "（与只算 MD5 之比；目标 80 %）"),
                      up_part >= 0.8},
                     {tr("first download: ", "首次下载：") + percent(down_part) +
                          tr(" of MD5 and then the transfer; goal 80 % (",
                             "（与先算 MD5 再传输之比；目标 80 %；") +
                          percent(down_part_alone) + tr(" of MD5 alone)", "：与只算 MD5 之比）"),
                      down_part >= 0.8}};
  report.bound =
      tr("bound: MD5, one byte after the other, over 2.9 characters a byte. A download "
         "cannot begin before its digest is known: the header comes first. What came by "
         "a version 1 upload has its digest from there.",
         "瓶颈：MD5 只能逐字节算，而每个字节写出来平均 2.9 个字符。头部在前，"
         "所以摘要算好之前下载无法开始；用第 1 版上传的文件，上传时就有了摘要。");
  return report;
}

Report course_answers(const Setting& setting) {
  const std::uint64_t size = setting.sizes.course;
  const auto server = start_server(setting, {"--threads", "1"});
  const std::uint16_t port = server.address().port;
  const Talk up = upload(size);
  const Talk down = download(size);
  seconds_of_talks(port, {up});
  const Talk up_2 = put(plain_file(std::string(file_name)), size, digest_of_blocks(size));
  Prober prober(port);
  const auto probe = [&] { prober.ask(); };
  Answers alone(tr("nothing else going on", "别无他事"));
  Answers uploading(tr("during a version 1 upload", "第 1 版上传期间"));
  Answers plainly(tr("during a version 2 upload", "第 2 版上传期间"));
  Answers downloading(tr("during a version 1 first download", "第 1 版首次下载期间"));
  Figure transfer{
      tr("what the version 1 first download takes", "第 1 版首次下载所需"), tr("us", "微秒"), {}};
  for (std::size_t run = 0; run < setting.runs; ++run) {
    for (int i = 0; i < 100; ++i) probe();
    alone.add(prober.take());
    seconds_of_talks(port, {up}, probe);
    uploading.add(prober.take());
    seconds_of_talks(port, {up_2}, probe);
    plainly.add(prober.take());
    touch(setting);
    transfer.values.push_back(1e6 * seconds_of_talks(port, {down}, probe));
    downloading.add(prober.take());
  }
  Report report;
  report.title = tr("A small request on one event loop (--threads 1), beside transfers of ",
                    "单个事件循环（--threads 1）上的小请求，同时另有传输 ") +
                 size_text(size);
  for (Answers* answers : {&alone, &uploading, &downloading, &plainly})
    for (Figure* figure : {&answers->middle, &answers->worst})
      report.figures.push_back(std::move(*figure));
  const double worst = std::max(
      {report.figures[3].median(), report.figures[5].median(), report.figures[7].median()});
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
