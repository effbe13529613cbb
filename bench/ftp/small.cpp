// Version 2 with many small files over one session, requests sent ahead.
#include "client.hpp"
#include "sections.hpp"

namespace ftp_bench {

using namespace bench;
using dialtone::tr;

namespace {

std::string small_name(std::size_t i) {
  return "small-" + std::to_string(i) + ".txt";
}

/// All requests in one talk.
Talk all_of(std::size_t count, const std::function<Talk(std::size_t)>& request) {
  Talk all;
  all.replies = count;
  for (std::size_t i = 0; i < count; ++i) {
    const Talk one = request(i);
    all.head += one.head;
    all.head.append(block(), 0, one.payload);
    *all.coming += *one.coming;
    all.announced = one.announced;
  }
  return all;
}

}  // namespace

Report small_files(const Setting& setting) {
  const auto& sizes = setting.sizes;
  const auto server = start_server(setting);
  const std::uint16_t port = server.address().port;
  const std::string digest = digest_of_blocks(sizes.small_size);
  const Talk puts = all_of(sizes.small_files, [&](std::size_t i) {
    return put(plain_file(small_name(i)), sizes.small_size, digest);
  });
  const Talk gets = all_of(sizes.small_files, [&](std::size_t i) {
    return get(plain_file(small_name(i)), sizes.small_size);
  });
  const auto remove = [&] {
    for (std::size_t i = 0; i < sizes.small_files; ++i)
      std::filesystem::remove(setting.stored(small_name(i)));
  };
  const auto amount = static_cast<double>(sizes.small_files);
  const std::string unit = tr("files/s", "个/秒");
  Report report;
  report.title = std::to_string(sizes.small_files) + tr(" files of ", " 个文件，每个 ") +
                 size_text(sizes.small_size) +
                 tr(", pipelined over one session (version 2)", "，同一会话流水线（第 2 版）");
  report.figures = measure({{{tr("put", "上传（put）"), unit, {}},
                             [&] {
                               remove();
                               return amount / seconds_of_talks(port, {puts});
                             }},
                            {{tr("get", "下载（get）"), unit, {}},
                             [&] { return amount / seconds_of_talks(port, {gets}); }}},
                           setting.runs);
  remove();
  const auto verdict = [&](std::size_t figure, const std::string& verb) {
    const double rate = report.figures[figure].median();
    return Verdict{verb + number(rate) + tr(" files a second; goal 20,000", " 个每秒；目标 20,000"),
                   rate >= 20'000};
  };
  report.verdicts = {verdict(0, tr("put: ", "上传：")), verdict(1, tr("get: ", "下载："))};
  report.bound =
      tr("bound: one thread of the server, for a session stays with one. A put is a new file: "
         "open, write, rename; a header each way is parsed and written.",
         "瓶颈：服务器的一个线程（一个会话只归一个线程）。每次上传都是新文件：open、write、"
         "rename；来回各有一个头部要解析和生成。");
  return report;
}

}  // namespace ftp_bench
