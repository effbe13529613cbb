#include "passes.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "capture/capture_file.hpp"
#include "command_line.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "measure.hpp"
#include "process.hpp"
#ifdef HAVE_LIBPCAP
#include <pcap/pcap.h>
#endif

namespace tracing_bench {

using dialtone::Failure;
using dialtone::tr;

Made follow(const std::string& name) {
  Made found;
  tracing::CaptureReader reader(tracing::open_source(name));
  tracing::CapturedPacket packet;
  tracing::Dissected dissected;
  tracing::Connections connections;
  while (reader.next(packet)) {
    ++found.packets;
    tracing::dissect(packet.link_type, packet.bytes, dissected);
    if (dissected.outcome != tracing::Dissected::Outcome::segment) continue;
    const auto noted = connections.take(dissected, packet.time);
    found.data_bytes += noted.note.fresh;
    if (noted.note.kind == handshake_trace::Kind::retransmission) ++found.retransmissions;
    found.file_bytes = packet.offset + 16 + packet.bytes.size();
  }
  if (!reader.trouble().empty()) throw Failure(reader.trouble());
  found.connections = connections.count();
  // The table is read as the program does at the end.
  bench::must(connections.rows().size() <= found.connections, "rows");
  return found;
}

void follow_and_tell(const std::string& file) {
  const Made found = follow(file);
  std::printf("%llu %llu %llu %llu %llu\n", static_cast<unsigned long long>(found.packets),
              static_cast<unsigned long long>(found.file_bytes),
              static_cast<unsigned long long>(found.connections),
              static_cast<unsigned long long>(found.data_bytes),
              static_cast<unsigned long long>(found.retransmissions));
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) std::puts(line.substr(6).c_str());
}

Made follow_apart(const std::string& file, double& peak) {
  dialtone::Command command;
  command.arguments = {"/proc/self/exe", "--follow", file};
  const dialtone::Outcome outcome = dialtone::run(command, std::chrono::minutes(10));
  if (!outcome.succeeded()) throw Failure(outcome.err);
  std::istringstream told(outcome.out);
  Made found;
  told >> found.packets >> found.file_bytes >> found.connections >> found.data_bytes >>
      found.retransmissions >> peak;
  bench::must(!told.fail(), outcome.out);
  peak *= 1024;  // kB
  return found;
}

#ifdef HAVE_LIBPCAP
const bool has_libpcap = true;

std::uint64_t bare_loop(const std::string& file) {
  char why[PCAP_ERRBUF_SIZE];
  pcap_t* capture = pcap_open_offline(file.c_str(), why);
  if (capture == nullptr) throw Failure(why);
  std::uint64_t packets = 0;
  pcap_pkthdr* header = nullptr;
  const unsigned char* bytes = nullptr;
  while (pcap_next_ex(capture, &header, &bytes) == 1) ++packets;
  pcap_close(capture);
  return packets;
}
#else
const bool has_libpcap = false;

std::uint64_t bare_loop(const std::string&) {
  throw Failure(
      tr("libpcap-dev was not installed when this was built", "构建时没有安装 libpcap-dev"));
}
#endif

double processor_seconds_of(const std::function<void()>& work) {
  const auto spent = [] {
    double seconds = 0;
    for (const auto whose : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
      struct rusage used = {};
      ::getrusage(whose, &used);
      for (const timeval& part : {used.ru_utime, used.ru_stime})
        seconds += static_cast<double>(part.tv_sec) + static_cast<double>(part.tv_usec) / 1e6;
    }
    return seconds;
  };
  const double before = spent();
  work();
  return spent() - before;
}

bool is_installed(const std::string& program) {
  dialtone::Command command;
  command.arguments = {"/bin/sh", "-c", "command -v " + program};
  return dialtone::run(command, std::chrono::seconds(20)).succeeded();
}

void run_peer(const std::vector<std::string>& arguments) {
  const dialtone::FileDescriptor nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  dialtone::Command command;
  command.arguments = arguments;
  command.descriptors = {{1, nowhere.get()}, {2, nowhere.get()}};
  dialtone::Child child(command);
  const auto ending = child.wait_for(std::chrono::minutes(10));
  bench::must(ending && ending->signal == 0 && ending->exit_code == 0, arguments.front());
}

}  // namespace tracing_bench
