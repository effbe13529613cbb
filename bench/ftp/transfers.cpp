// Version 2 with large files, one and many at once, each beside a raw pair.
#include <fcntl.h>
#include <sys/stat.h>

#include "client.hpp"
#include "process.hpp"
#include "raw.hpp"
#include "sections.hpp"

namespace ftp_bench {

using namespace bench;
using dialtone::tr;

namespace {

constexpr double gibi = 1024.0 * mebi;

/// One side of a comparison: who is asked for what.
struct Side {
  std::string name;
  std::uint16_t port = 0;
  pid_t process = -1;
  std::vector<Talk> talks;
  std::function<void()> prepare = [] {};  ///< before each run, not measured
  Figure cost = {};                       ///< what its process took
};

/// The speeds of all sides, and then what a GiB cost each.
std::vector<Figure> compare(std::vector<Side> sides, std::uint64_t bytes, std::size_t runs) {
  const auto amount = static_cast<double>(bytes);
  std::vector<Contest> contests;
  for (Side& side : sides) {
    side.cost = {side.name + tr(", its processor", "，处理器"), tr("s/GiB", "秒/GiB"), {}};
    contests.push_back({{side.name, "MiB/s", {}}, [&side, amount] {
                          side.prepare();
                          const double before = processor_seconds(side.process);
                          const double seconds = seconds_of_talks(side.port, side.talks);
                          const double used = processor_seconds(side.process) - before;
                          side.cost.values.push_back(used / (amount / gibi));
                          return amount / mebi / seconds;
                        }});
  }
  std::vector<Figure> figures = measure(std::move(contests), runs);
  for (Side& side : sides) figures.push_back(std::move(side.cost));
  return figures;
}

/// The file as it was, but changed as far as anyone can tell by its times.
void touch(const std::filesystem::path& file) {
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

/// The files of one comparison, stored beforehand or taken anew in each run.
struct Files {
  const Setting& setting;
  std::size_t count;
  std::uint64_t size;
  std::string digest = digest_of_blocks(size);

  std::string name(std::size_t i) const { return "bytes-" + std::to_string(i); }
  std::string stored(std::size_t i) const { return setting.stored(name(i)).string(); }
  std::string raw(std::size_t i) const { return (setting.folder / name(i)).string(); }
  std::uint64_t bytes() const { return count * size; }

  std::vector<Talk> each(const std::function<Talk(std::size_t)>& talk) const {
    std::vector<Talk> talks;
    for (std::size_t i = 0; i < count; ++i) talks.push_back(talk(i));
    return talks;
  }
  std::vector<Talk> puts() const {
    return each([this](std::size_t i) { return put(plain_file(name(i)), size, digest); });
  }
  std::vector<Talk> gets() const {
    return each([this](std::size_t i) {
      Talk talk = get(plain_file(name(i)), size);
      talk.announced = digest;
      return talk;
    });
  }
  void remove() const {
    for (std::size_t i = 0; i < count; ++i) {
      std::filesystem::remove(stored(i));
      std::filesystem::remove(raw(i));
    }
  }
};

std::string server_name() {
  return "ftp-server";
}

Report down(const Files& files) {
  const auto server = start_server(files.setting);
  const RawPeer raw;
  seconds_of_talks(server.address().port, files.puts());
  const auto first = [&] {
    for (std::size_t i = 0; i < files.count; ++i) touch(files.stored(i));
  };
  const std::uint16_t port = server.address().port;
  const auto raw_gets =
      files.each([&](std::size_t i) { return raw_get(files.stored(i), files.size); });
  Report report;
  report.figures = compare(
      {{tr("raw: sendfile to recv", "裸传：sendfile 到 recv"), raw.port(), raw.pid(), raw_gets},
       {server_name(), port, server.pid(), files.gets()},
       {server_name() + tr(", digest not yet known", "，尚不知摘要"), port, server.pid(),
        files.gets(), first}},
      files.bytes(), files.setting.runs);
  files.remove();
  const double part = share(report.figures[1], report.figures[0]);
  const double cost = report.figures[4].median();
  report.verdicts = {
      {percent(part) + tr(" of the raw pair; goal 90 %", "（与裸传之比；目标 90 %）"), part >= 0.9},
      {number(cost) +
           tr(" processor seconds a GiB; goal 0.45 or less", " 处理器秒每 GiB；目标不超过 0.45"),
       cost <= 0.45}};
  report.bound = tr(
      "bound: the client's recv, which copies every byte out of the kernel; sendfile copies none. "
      "The digest of a file is known from its upload or its first download.",
      "瓶颈：客户端的 recv 要把每个字节复制出内核；sendfile "
      "不复制。文件的摘要在上传或首次下载时算好。");
  return report;
}

Report up(const Files& files) {
  const auto server = start_server(files.setting);
  const RawPeer raw;
  const auto anew = [&] { files.remove(); };
  const auto raw_puts =
      files.each([&](std::size_t i) { return raw_put(files.raw(i), files.size); });
  Report report;
  report.figures = compare(
      {{tr("raw: recv to write", "裸传：recv 到 write"), raw.port(), raw.pid(), raw_puts, anew},
       {server_name() + tr(", digest included", "，含摘要"), server.address().port, server.pid(),
        files.puts(), anew}},
      files.bytes(), files.setting.runs);
  files.remove();
  const double part = share(report.figures[1], report.figures[0]);
  report.verdicts = {
      {percent(part) + tr(" of the raw pair; goal 100 %", "（与裸传之比；目标 100 %）"),
       part >= 1.0}};
  report.bound =
      tr("bound: the server's recv and write copy every byte twice, and write finds a fresh page "
         "for each 4 KiB",
         "瓶颈：服务器的 recv 与 write 把每个字节复制两遍，write 每 4 KiB 还要一个新页");
  return report;
}

std::string many_text(const Sizes& sizes) {
  return std::to_string(sizes.sessions) + tr(" sessions at once, ", " 个会话同时，每个 ") +
         size_text(sizes.session_size) + tr(" each", "");
}

}  // namespace

Report large_down(const Setting& setting) {
  Report report = down({setting, 1, setting.sizes.large});
  report.title = tr("Version 2: a download of ", "第 2 版：下载 ") + size_text(setting.sizes.large);
  return report;
}

Report large_up(const Setting& setting) {
  Report report = up({setting, 1, setting.sizes.large});
  report.title = tr("Version 2: an upload of ", "第 2 版：上传 ") + size_text(setting.sizes.large);
  return report;
}

Report many_down(const Setting& setting) {
  Report report = down({setting, setting.sizes.sessions, setting.sizes.session_size});
  report.title = tr("Version 2: downloads, ", "第 2 版：下载，") + many_text(setting.sizes);
  return report;
}

Report many_up(const Setting& setting) {
  Report report = up({setting, setting.sizes.sessions, setting.sizes.session_size});
  report.title = tr("Version 2: uploads, ", "第 2 版：上传，") + many_text(setting.sizes);
  return report;
}

}  // namespace ftp_bench
