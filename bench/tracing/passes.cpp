#include "passes.hpp"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "capture/session.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "measure.hpp"
#include "process.hpp"

namespace tracing_bench {

using dialtone::Failure;

constexpr std::uint64_t record_header = 16;

Made follow(const std::string& name) {
  Made found;
  tracing::CaptureReader reader(tracing::open_source(name));
  tracing::Session session(0);
  tracing::CapturedPacket packet;
  while (reader.next(packet)) {
    session.take(packet);
    found.file_bytes = packet.offset + record_header + packet.bytes.size();
  }
  if (!reader.trouble().empty()) throw Failure(reader.trouble());
  found.packets = session.segments();
  found.connections = session.connections().count();
  for (const tracing::Connection& row : session.connections().rows()) {
    for (const tracing::Totals& sent : row.sent) {
      found.data_bytes += sent.bytes;
      found.retransmissions += sent.retransmissions;
    }
  }
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
