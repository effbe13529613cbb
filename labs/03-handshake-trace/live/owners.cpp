#include "owners.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace tracing {

namespace {

constexpr std::size_t most_processes = 4096;
constexpr std::size_t most_known = 65536;
constexpr std::chrono::milliseconds head_start{50};  // what may be spent at any rate

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

/// Calls `take` with each name in a folder of /proc; false where it cannot be looked into. A
/// process that has ended has nothing.
template <class Take>
bool for_each_name(const std::string& path, const Take& take) {
  const Folder folder(opendir(path.c_str()));
  if (!folder) return errno == ENOENT || errno == ESRCH;
  errno = 0;
  while (const dirent* entry = readdir(folder.get()))
    if (entry->d_name[0] != '.') take(std::string(entry->d_name));
  return errno == 0 || errno == ENOENT || errno == ESRCH;
}

std::string link_of(const std::string& path) {
  char target[64];
  const ssize_t length = readlink(path.c_str(), target, sizeof target);
  return {target, length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// The number in "socket:[123]".
std::optional<std::uint32_t> socket_inode(std::string_view target) {
  constexpr std::string_view front = "socket:[";
  if (!target.starts_with(front)) return std::nullopt;
  target.remove_prefix(front.size());
  std::uint32_t inode = 0;
  const auto read = std::from_chars(target.data(), target.data() + target.size(), inode);
  if (read.ec != std::errc{}) return std::nullopt;
  return inode;
}

/// Whether this machine has the address, here and now: only such a one can be bound.
bool is_local(const Endpoint& end) {
  const dialtone::FileDescriptor socket(
      ::socket(end.address.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  int status = 0;
  if (end.address.is_v6) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    std::memcpy(&address.sin6_addr, end.address.bytes.data(), 16);
    status = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, end.address.bytes.data(), 4);
    status = bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  return status == 0 || errno != EADDRNOTAVAIL;
}

}  // namespace

std::vector<std::string> descendants(bool& complete) {
  // From parent to child: proc(5), "/proc/pid/task/tid/children".
  std::vector<std::string> all = {"self"};
  for (std::size_t next = 0; next < all.size(); ++next) {
    if (all.size() > most_processes) {
      complete = false;
      break;
    }
    const std::string tasks = "/proc/" + all[next] + "/task/";
    const bool looked = for_each_name(tasks, [&](const std::string& task) {
      std::ifstream list(tasks + task + "/children");
      // Where the kernel keeps no such list, nothing is known.
      if (next == 0 && !list) complete = false;
      for (std::string pid; list >> pid;) all.push_back(pid);
    });
    if (!looked) complete = false;
  }
  all.erase(all.begin());
  return all;
}

SocketOwners::SocketOwners()
    : diagnosis_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG)) {}

/// Asks the kernel for one socket (sock_diag(7)): that of the connection or, where there is none,
/// one that listens there. This takes the same short time however many sockets there are, which
/// reading /proc/net/tcp does not.
std::optional<SocketOwners::Socket> SocketOwners::find(const Endpoint& here,
                                                       const Endpoint& there) const {
  struct {
    nlmsghdr header;
    inet_diag_req_v2 question;
  } request{};
  request.header = {sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0};
  request.question.sdiag_family = here.address.is_v6 ? AF_INET6 : AF_INET;
  request.question.sdiag_protocol = IPPROTO_TCP;
  inet_diag_sockid& id = request.question.id;
  id.idiag_sport = htons(here.port);
  id.idiag_dport = htons(there.port);
  std::memcpy(id.idiag_src, here.address.bytes.data(), 16);
  std::memcpy(id.idiag_dst, there.address.bytes.data(), 16);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  alignas(nlmsghdr) char answer[4096];
  while (recv(diagnosis_.get(), answer, sizeof answer, 0) > 0) {  // what an earlier one left
  }
  if (send(diagnosis_.get(), &request, sizeof request, 0) < 0) return std::nullopt;
  const ssize_t length = recv(diagnosis_.get(), answer, sizeof answer, 0);
  if (length < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(inet_diag_msg)))) return std::nullopt;
  nlmsghdr header;
  std::memcpy(&header, answer, sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;
  inet_diag_msg found;
  std::memcpy(&found, answer + NLMSG_HDRLEN, sizeof found);
  return Socket{found.idiag_state, found.idiag_inode};
}

std::optional<std::uint32_t> SocketOwners::find_inode(const Endpoint& here,
                                                      const Endpoint& there) const {
  auto socket = find(here, there);
  const bool waits_to_be_accepted =
      socket && socket->inode == 0 &&
      (socket->state == TCP_SYN_RECV || socket->state == TCP_ESTABLISHED ||
       socket->state == TCP_CLOSE_WAIT);
  if (waits_to_be_accepted) {
    Endpoint anybody;
    anybody.address.is_v6 = here.address.is_v6;
    socket = find(here, anybody);
  }
  if (!socket || socket->inode == 0) return std::nullopt;
  return socket->inode;
}

SocketOwners::Owner SocketOwners::owner(const Endpoint& here, const Endpoint& there) {
  if (!is_local(here)) return Owner::others;
  const auto inode = find_inode(here, there);
  if (!inode) return Owner::not_known;
  if (const auto known = known_.find(*inode); known != known_.end()) return known->second;
  return look_through_command(*inode, here, there);
}

SocketOwners::Owner SocketOwners::look_through_command(std::uint32_t inode, const Endpoint& here,
                                                       const Endpoint& there) {
  if (known_.size() > most_known) known_.clear();
  // Twice: the socket may have been on its way from a process to one that it had just started.
  for (int time = 0; time < 2; ++time) {
    const auto now = Clock::now();
    if (spent_ > (now - began_) / 4 + head_start) return Owner::not_known;
    scan();
    spent_ += Clock::now() - now;
    if (known_.contains(inode)) return Owner::command;
    if (!complete_) return Owner::not_known;
  }
  if (find_inode(here, there) != inode) return Owner::not_known;  // it may have been closed before
  known_[inode] = Owner::others;
  return Owner::others;
}

void SocketOwners::scan() {
  complete_ = true;
  const std::string network = link_of("/proc/self/ns/net");
  for (const std::string& pid : descendants(complete_)) {
    const std::string process = "/proc/" + pid;
    const std::string there = link_of(process + "/ns/net");
    if (!there.empty() && there != network) complete_ = false;
    scan_descriptors(process);
  }
}

void SocketOwners::scan_descriptors(const std::string& process) {
  const std::string descriptors = process + "/fd/";
  const bool looked = for_each_name(descriptors, [&](const std::string& number) {
    if (const auto inode = socket_inode(link_of(descriptors + number)))
      known_[*inode] = Owner::command;
  });
  if (!looked) complete_ = false;
}

}  // namespace tracing
