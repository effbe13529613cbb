#include "privilege.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <optional>

#include "capture.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "private_network.hpp"

namespace tracing {

namespace {

using dialtone::tr;

/// Why no namespace could be made.
std::string reason_of(int code) {
  if (code == ENOSPC)  // what the kernel says where their number is limited
    return tr("user namespaces are turned off (user.max_user_namespaces)",
              "用户命名空间已关闭（user.max_user_namespaces）");
  return std::strerror(code);
}

/// Enters a private network and captures there. Nothing where that works, else why it does not.
std::optional<std::string> try_private_network() {
  if (!dialtone::enter_private_network()) return reason_of(errno);
  try {
    const LiveCapture probe(LiveCapture::Where::loopback);
  } catch (const std::exception&) {
    return reason_of(EPERM);  // what it says of sudo is said once, in front
  }
  return std::nullopt;
}

/// The same in a child, since there is no way back.
std::optional<std::string> private_network_fails() {
  int ends[2];
  if (pipe(ends) != 0) return std::strerror(errno);
  dialtone::FileDescriptor from(ends[0]);
  dialtone::FileDescriptor to(ends[1]);
  const pid_t child = fork();
  if (child < 0) return std::strerror(errno);
  if (child == 0) {
    const std::string answer = try_private_network().value_or("ok");
    const ssize_t written = write(to.get(), answer.data(), answer.size());
    _exit(written > 0 ? 0 : 1);
  }
  to.reset();
  char answer[256];
  ssize_t length = 0;
  do {
    length = read(from.get(), answer, sizeof answer);
  } while (length < 0 && errno == EINTR);
  waitpid(child, nullptr, 0);
  if (length <= 0) return tr("the attempt broke off", "尝试中断了");
  const std::string text(answer, static_cast<std::size_t>(length));
  if (text == "ok") return std::nullopt;
  return text;
}

/// Ubuntu 24.04: an ordinary user's own namespaces exist, but give no rights.
bool apparmor_forbids() {
  std::ifstream setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  return setting.get() == '1';
}

std::string explain(const std::string& reason) {
  const std::string cause =
      apparmor_forbids() ? tr("AppArmor takes all rights away in a network that an ordinary user "
                              "makes, as on Ubuntu 24.04",
                              "AppArmor 不给普通用户自建的网络任何权限（Ubuntu 24.04 即如此）")
                         : reason;
  return capture_is_denied() +
         tr(" (nor can a private network be used here: ", "（私有网络在此也不可用：") + cause +
         tr(")", "）");
}

}  // namespace

Privilege gain_capture() {
  if (may_capture()) return {Access::shared_network, {}};
  auto trouble = private_network_fails();
  if (!trouble) trouble = try_private_network();
  if (trouble) return {Access::none, explain(*trouble)};
  std::cerr << tr("capturing in a private network of its own: no root needed",
                  "在自建的私有网络里抓包：无需 root 权限")
            << std::endl;
  return {Access::private_network, {}};
}

}  // namespace tracing
