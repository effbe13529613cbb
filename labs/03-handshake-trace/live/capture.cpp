#include "capture.hpp"

#include <pcap/pcap.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"

namespace tracing {

namespace {

using dialtone::Failure;
using dialtone::tr;

constexpr int largest_packet = 262144;  // bytes that are captured of one
constexpr int buffer_size = 64 << 20;
// Packets are handed over when this time is over, or 256 KiB of them are there. Not "immediate
// mode": there every packet takes the room of the largest, and so the same buffer holds 256 packets
// instead of some 300,000 small ones. Their times are the kernel's in any case.
constexpr int hand_over_ms = 1;

// "tcp" takes IPv4's fragments, and IPv6's behind the first header; what lies behind IPv6's other
// extension headers cannot be told by the kernel's filter, so all of that comes along.
constexpr const char* tcp_alone =
    "tcp or (ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or "
    "ip6[6] = 135))";

struct ClosePcap {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};

[[noreturn]] void give_up(const char* device, pcap_t* handle, int status) {
  if (status == PCAP_ERROR_PERM_DENIED)
    throw Failure(tr("cannot capture on ", "无法在 ") + device + tr(": ", " 上抓包：") +
                  capture_is_denied());
  std::string reason = pcap_geterr(handle);
  if (reason.empty()) reason = pcap_statustostr(status);
  throw Failure(tr("cannot capture on ", "无法在 ") + device + tr(": ", " 上抓包：") + reason);
}

}  // namespace

std::string this_program() {
  std::array<char, 4096> path;
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length))
                    : std::string("handshake-trace");
}

bool may_capture() {
  return static_cast<bool>(dialtone::FileDescriptor(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)));
}

std::string capture_is_denied() {
  const std::string program = this_program();
  return tr("permission denied: to see other programs' packets takes the right CAP_NET_RAW; use "
            "sudo, or give it to this program once: sudo setcap cap_net_raw+ep ",
            "权限不足：查看别的程序的数据包需要 CAP_NET_RAW 权限；请用 sudo "
            "运行，或一次性授予本程序该权限：sudo setcap cap_net_raw+ep ") +
         program;
}

struct LiveCapture::State {
  const char* device;
  std::unique_ptr<pcap_t, ClosePcap> handle;
  int descriptor = -1;
  bool nanoseconds = false;
  std::uint32_t link_type = 0;
  std::uint64_t count = 0;

  explicit State(Where where) : device(where == Where::loopback ? "lo" : "any") {
    std::array<char, PCAP_ERRBUF_SIZE> error{};
    handle.reset(pcap_create(device, error.data()));
    if (!handle) throw Failure(tr("cannot capture: ", "无法抓包：") + error.data());
    pcap_set_snaplen(handle.get(), largest_packet);
    pcap_set_timeout(handle.get(), hand_over_ms);
    pcap_set_buffer_size(handle.get(), buffer_size);
    nanoseconds = pcap_set_tstamp_precision(handle.get(), PCAP_TSTAMP_PRECISION_NANO) == 0;
    if (const int status = pcap_activate(handle.get()); status < 0)
      give_up(device, handle.get(), status);
    if (where == Where::everywhere) pcap_set_datalink(handle.get(), DLT_LINUX_SLL2);
    // A packet on loopback passes by twice: when it goes out and when it comes in. Here only those
    // that come in are asked for. "any" cannot be asked so, since there the other interfaces' count
    // both ways; libpcap (pcap-linux.c) leaves loopback's outgoing ones away by itself, and so does
    // Selection where it does not.
    if (where == Where::loopback) pcap_setdirection(handle.get(), PCAP_D_IN);
    set_filter();
    if (pcap_setnonblock(handle.get(), 1, error.data()) != 0)
      throw Failure(tr("cannot capture: ", "无法抓包：") + error.data());
    descriptor = pcap_get_selectable_fd(handle.get());
    link_type = static_cast<std::uint32_t>(pcap_datalink(handle.get()));
  }

  void set_filter() {
    bpf_program program{};
    if (pcap_compile(handle.get(), &program, tcp_alone, 1, PCAP_NETMASK_UNKNOWN) != 0)
      give_up(device, handle.get(), PCAP_ERROR);
    const int status = pcap_setfilter(handle.get(), &program);
    pcap_freecode(&program);
    if (status != 0) give_up(device, handle.get(), status);
  }
};

LiveCapture::LiveCapture(Where where) : state_(std::make_unique<State>(where)) {}

LiveCapture::~LiveCapture() = default;

bool LiveCapture::next(CapturedPacket& packet, Moment deadline) {
  for (;;) {
    pcap_pkthdr* header = nullptr;
    const u_char* bytes = nullptr;
    const int status = pcap_next_ex(state_->handle.get(), &header, &bytes);
    if (status < 0) give_up(state_->device, state_->handle.get(), status);
    if (status == 1) {
      packet = {};
      packet.number = ++state_->count;
      const Nanoseconds fraction = header->ts.tv_usec;
      packet.time = Nanoseconds{header->ts.tv_sec} * 1'000'000'000 +
                    fraction * (state_->nanoseconds ? 1 : 1000);
      packet.link_type = state_->link_type;
      packet.length = header->len;
      packet.bytes = std::as_bytes(std::span(bytes, header->caplen));
      return true;
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{state_->descriptor, POLLIN, 0};
    poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000)));
  }
}

int LiveCapture::descriptor() const {
  return state_->descriptor;
}

Drops LiveCapture::drops() const {
  pcap_stat counts{};
  if (pcap_stats(state_->handle.get(), &counts) != 0) return {};
  return {counts.ps_drop};
}

}  // namespace tracing
