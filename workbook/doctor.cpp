// `doctor`: what this machine has and lacks, and what to install or do about it.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands.hpp"
#include "failure.hpp"
#include "file_descriptor.hpp"
#include "language.hpp"
#include "process.hpp"
#include "terminal.hpp"
#include "tree.hpp"
#include "words.hpp"

namespace dialtone {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

/// One thing that was looked at.
struct Finding {
  std::string what;
  std::string found;
  bool ok = false;
  bool required = false;  ///< the workbook does not work without it
  std::string remedy;
};

/// The first line that a program prints; empty where it cannot be run.
std::string first_line(const std::vector<std::string>& arguments) {
  Command command;
  command.arguments = arguments;
  try {
    const Outcome outcome = run(command, std::chrono::seconds(10));
    const auto lines = lines_of(outcome.out);
    return outcome.succeeded() && !lines.empty() ? lines.front() : "";
  } catch (const std::runtime_error&) {
    return "";
  }
}

/// The first "12.2.0"-like figures of a text.
std::vector<int> version_in(const std::string& text) {
  const std::string digits = "0123456789";
  for (auto at = text.find_first_of(digits); at != std::string::npos;
       at = text.find_first_of(digits, text.find_first_not_of(digits + ".", at))) {
    const auto end = text.find_first_not_of(digits + ".", at);
    std::vector<int> parts;
    for (const std::string& part : split(text.substr(at, end - at), '.'))
      if (!part.empty() && part.size() < 9) parts.push_back(std::stoi(part));
    if (parts.size() >= 2) return parts;
    if (end == std::string::npos) break;
  }
  return {};
}

Finding tool(const std::string& program, const std::vector<int>& least, const std::string& package,
             bool required = true) {
  Finding finding{program, first_line({program, "--version"}), false, required, ""};
  finding.ok = !finding.found.empty() && version_in(finding.found) >= least;
  if (finding.ok) return finding;
  std::vector<std::string> figures;
  for (const int figure : least) figures.push_back(std::to_string(figure));
  if (finding.found.empty()) finding.found = tr("not found", "未找到");
  finding.remedy = "sudo apt install " + package;
  if (!least.empty())
    finding.remedy += tr(" (at least ", "（至少 ") + join(figures, ".") + tr(")", "）");
  return finding;
}

/// The words of a list in tools/setup.sh: demo="…". That file is the one list of packages.
std::vector<std::string> packages_of(const Tree& tree, const std::string& tier) {
  const fs::path file = tree.root / "tools" / "setup.sh";
  if (!fs::exists(file)) return {};
  const std::string text = "\n" + read_file(file);
  const std::string mark = "\n" + tier + "=\"";
  const auto start = text.find(mark);
  if (start == std::string::npos) return {};
  const auto from = start + mark.size();
  std::istringstream stream(text.substr(from, text.find('"', from) - from));
  std::vector<std::string> names;
  for (std::string name; stream >> name;) names.push_back(name);
  return names;
}

Finding packages(const Tree& tree, const std::string& tier, bool required) {
  const auto wanted = packages_of(tree, tier);
  std::vector<std::string> missing;
  for (const std::string& name : wanted)
    if (first_line({"dpkg-query", "-W", "-f", "${db:Status-Status}\n", name}) != "installed")
      missing.push_back(name);
  Finding finding{
      tr("packages of make ", "软件包：make ") + tier,
      std::to_string(wanted.size() - missing.size()) + "/" + std::to_string(wanted.size()),
      missing.empty(), required, ""};
  if (!missing.empty()) finding.remedy = "sudo apt install " + join(missing, " ");
  return finding;
}

bool port_is_free(std::uint16_t port, int type) {
  const FileDescriptor socket_(socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const int yes = 1;
  setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return socket_ &&
         bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Finding port(std::uint16_t number) {
  const bool free = port_is_free(number, SOCK_STREAM) && port_is_free(number, SOCK_DGRAM);
  Finding finding{tr("port ", "端口 ") + std::to_string(number),
                  free ? tr("free", "空闲") : tr("in use", "被占用"), free, false, ""};
  if (!free)
    finding.remedy = tr("see who holds it: ss -ltunp | grep ", "查看占用者：ss -ltunp | grep ") +
                     std::to_string(number) +
                     tr("; or give the programs another --address", "；或给程序另一个 --address");
  return finding;
}

std::string setting(const std::string& file) {
  try {
    return trimmed(read_file(file));
  } catch (const std::runtime_error&) {
    return "";
  }
}

Finding namespaces() {
  Finding finding{tr("user namespaces", "用户命名空间"), "", false, false, ""};
  // AppArmor lets the namespace be made and then refuses what it is for: the mapping of ids.
  finding.ok = !first_line({"unshare", "-Ur", "echo", "usable"}).empty();
  finding.found = finding.ok ? tr("usable", "可用") : tr("not usable", "不可用");
  if (finding.ok) return finding;
  if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1")
    finding.remedy = tr(
        "AppArmor takes capabilities away in unprivileged namespaces (Ubuntu 24.04): sudo sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile that allows userns",
        "AppArmor 限制了非特权命名空间（Ubuntu 24.04）：sudo sysctl "
        "kernel.apparmor_restrict_unprivileged_userns=0，或用 AppArmor 配置放行 userns");
  else if (setting("/proc/sys/user/max_user_namespaces") == "0")
    finding.remedy = "sudo sysctl user.max_user_namespaces=10000";
  else if (setting("/proc/sys/kernel/unprivileged_userns_clone") == "0")
    finding.remedy = "sudo sysctl kernel.unprivileged_userns_clone=1";
  else
    finding.remedy =
        tr("a container may forbid them; some tests need them", "容器可能禁止了它；部分测试需要它");
  return finding;
}

Finding locale() {
  Finding finding{tr("locale", "语言环境"),
                  locale_is_utf8() ? "UTF-8" : tr("not UTF-8", "不是 UTF-8"), locale_is_utf8(),
                  false, ""};
  if (!finding.ok)
    finding.remedy = tr("export LC_ALL=C.UTF-8 (drawings are in ASCII until then)",
                        "export LC_ALL=C.UTF-8（在此之前图形用 ASCII 绘制）");
  return finding;
}

std::vector<Finding> look(const Tree& tree) {
  std::string compiler = cached_setting(tree.build, "CMAKE_CXX_COMPILER");
  if (compiler.empty()) compiler = "g++";
  std::vector<Finding> findings = {tool(compiler, {11}, "g++"), tool("cmake", {3, 25}, "cmake"),
                                   tool("ninja", {1, 10}, "ninja-build"),
                                   tool("git", {2}, "git", false)};
  findings.push_back(packages(tree, "demo", true));
  findings.push_back(packages(tree, "test", false));
  for (const std::uint16_t number : {std::uint16_t{9696}, std::uint16_t{8002}})
    findings.push_back(port(number));
  findings.push_back(namespaces());
  findings.push_back(locale());
  return findings;
}

std::string verdict(const Finding& finding) {
  if (finding.ok) return coloured(Colour::green, tr("ok", "正常"));
  if (finding.required) return coloured(Colour::red, tr("MISSING", "缺少"));
  return coloured(Colour::yellow, tr("note", "注意"));
}

}  // namespace

int doctor_command(const Options& options) {
  const Tree tree = find_tree();
  const std::vector<Finding> findings = look(tree);
  const bool healthy = std::all_of(findings.begin(), findings.end(),
                                   [](const Finding& one) { return one.ok || !one.required; });
  if (options.json) {
    json report = {{"ok", healthy}, {"findings", json::array()}};
    for (const Finding& one : findings)
      report["findings"].push_back({{"what", one.what},
                                    {"found", one.found},
                                    {"ok", one.ok},
                                    {"required", one.required},
                                    {"remedy", one.remedy}});
    std::cout << report.dump(2, ' ', false, json::error_handler_t::replace) << '\n';
    return healthy ? exit_success : exit_failure;
  }
  Table table({tr("What", "项目"), tr("Found", "现状"), tr("Verdict", "结论")});
  for (const Finding& one : findings) table.add({one.what, one.found, verdict(one)});
  std::cout << table.text();
  for (const Finding& one : findings)
    if (!one.remedy.empty()) std::cout << '\n' << one.what << ": " << one.remedy << '\n';
  std::cout << '\n'
            << (healthy
                    ? tr("Nothing that the workbook needs is missing.", "教程所需的都已具备。")
                    : tr("Something that the workbook needs is missing.", "缺少教程必需的部分。"))
            << '\n';
  return healthy ? exit_success : exit_failure;
}

}  // namespace dialtone
