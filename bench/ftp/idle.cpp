// What sessions cost that have said hello and are silent since.
#include <fstream>

#include "client.hpp"
#include "demo/crowd.hpp"
#include "process.hpp"
#include "sections.hpp"

namespace ftp_bench {

using namespace bench;
using dialtone::tr;

namespace {

/// Memory that the kernel keeps for small things of its own, of the whole machine: KiB.
double kernel_kib() {
  std::ifstream meminfo("/proc/meminfo");
  for (std::string line; std::getline(meminfo, line);)
    if (line.rfind("Slab:", 0) == 0) return std::strtod(line.c_str() + 5, nullptr);
  return 0;
}

/// Resident memory, all of it: KiB.
double resident_kib(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr);
  return 0;
}

/// Processes that the process has started.
std::size_t children_of(pid_t process) {
  const std::string own = std::to_string(process);
  std::ifstream children("/proc/" + own + "/task/" + own + "/children");
  std::size_t count = 0;
  for (std::string child; children >> child;) ++count;
  return count;
}

struct Crowd {
  std::size_t held = 0;
  Figure memory;
  Figure kernel;
  Figure threads_more;  ///< threads and processes that the sessions brought
};

/// One run: a fresh server, the sessions, a look.
void hold_crowd(const Setting& setting, Crowd& crowd) {
  const auto server = start_server(setting, {"--max-sessions", std::to_string(crowd.held + 100)});
  const std::uint16_t port = server.address().port;
  const Talk talk = hello();
  std::vector<dialtone::FileDescriptor> sessions;
  const auto open = [&](std::size_t count) {
    while (sessions.size() < count) {
      stop_if_asked();
      sessions.push_back(connect_to(port));
      hold(sessions.back().get(), talk);
    }
  };
  // What a first call makes a server load is no session's.
  open(2 * server.footprint().threads);
  const std::size_t before = sessions.size();
  const double memory = resident_kib(server.pid());
  const double kernel = kernel_kib();
  const std::size_t threads = server.footprint().threads;
  open(before + crowd.held);
  const auto count = static_cast<double>(crowd.held);
  crowd.memory.values.push_back((resident_kib(server.pid()) - memory) / count);
  crowd.kernel.values.push_back((kernel_kib() - kernel) / count);
  crowd.threads_more.values.push_back(
      static_cast<double>(server.footprint().threads + children_of(server.pid()) - threads));
}

}  // namespace

Report idle_sessions(const Setting& setting) {
  const std::size_t descriptors = switchboard_demo::raise_descriptor_limit();
  Report report;
  report.title =
      tr("Idle sessions, after one hello each (version 2)", "空闲会话，各问候过一次（第 2 版）");
  const std::string unit = tr("KiB/session", "KiB/会话");
  for (const std::size_t wanted : setting.sizes.idle) {
    Crowd crowd;
    crowd.held = switchboard_demo::callers_that_fit(wanted, descriptors - 100);
    const std::string who = number(static_cast<double>(crowd.held)) + tr(" sessions", " 个会话");
    crowd.memory = {who + tr(", the server's memory", "，服务器内存"), unit, {}};
    crowd.kernel = {who + tr(", the kernel's, both ends", "，内核内存（两端）"), unit, {}};
    crowd.threads_more = {who + tr(", threads and processes more", "，多出的线程与进程"), "", {}};
    for (std::size_t run = 0; run < setting.runs; ++run) hold_crowd(setting, crowd);
    if (crowd.held < wanted)
      report.verdicts.push_back(
          {number(static_cast<double>(wanted)) +
               tr(" sessions do not fit the limit on descriptors, ", " 个会话超出描述符上限 ") +
               std::to_string(descriptors) +
               tr(": " + std::to_string(crowd.held) + " instead",
                  "，改为 " + std::to_string(crowd.held) + " 个"),
           {}});
    const double kib = crowd.memory.median();
    const double more = crowd.threads_more.most();
    report.verdicts.push_back(
        {who + ": " + number(kib) + tr(" KiB each; goal under 12", " KiB/会话；目标低于 12"),
         kib < 12});
    report.verdicts.push_back(
        {who + ": " + std::to_string(static_cast<int>(more)) +
             tr(" threads or processes more; goal none", " 个多出的线程或进程；目标为无"),
         more <= 0});
    for (Figure* figure : {&crowd.memory, &crowd.kernel, &crowd.threads_more})
      report.figures.push_back(std::move(*figure));
  }
  report.bound =
      tr("bound: a session's coroutines and decoder; it holds no buffer while it waits. "
         "The kernel's memory is the growth of its slabs on the whole machine.",
         "瓶颈：会话的协程与解码器；等待时不占缓冲区。内核内存取全机 slab 的增长。");
  return report;
}

}  // namespace ftp_bench
