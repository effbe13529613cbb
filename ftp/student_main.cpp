// The program around a student's server: its command line, its folder, its port, its stop. Given.
#include <csignal>
#include <iostream>

#include "command_line.hpp"
#include "crash_report.hpp"
#include "language.hpp"
#include "server.hpp"
#include "todo.hpp"

namespace {

constexpr int backlog = 512;

const ftp_server::Stop& the_stop() {
  static const ftp_server::Stop stop;
  return stop;
}

void pull_the_stop_at(int signal) {
  the_stop();  // made now, not in the handler
  struct sigaction action {};
  action.sa_handler = [](int) { the_stop().pull(); };
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

/// Listens on 127.0.0.1 and says where.
ftp_server::Descriptor listen_on_loopback(std::uint16_t port) {
  auto listener =
      socket_basics::listen_on({socket_basics::Address::Family::ipv4, "127.0.0.1", port}, backlog);
  if (!listener) throw dialtone::Failure(listener.error().message);
  const auto address = socket_basics::local_address(listener->get());
  if (!address) throw dialtone::Failure(address.error().message);
  std::cout << "listening on " << socket_basics::to_string(*address) << std::endl;
  return std::move(*listener);
}

}  // namespace

int main(int argc, char** argv) {
  using dialtone::tr;
  dialtone::choose_language(argc, argv);
  dialtone::install_crash_report();
  dialtone::CommandLine app(tr("Your file server: the capstone's, on 127.0.0.1.",
                               "你的文件服务器（综合项目），监听 127.0.0.1。"),
                            "server");
  std::string root;
  std::uint16_t port = 0;
  ftp::StoreOptions options;
  ftp_server::Limits limits;
  std::size_t idle = static_cast<std::size_t>(limits.idle.count());
  std::size_t closing = static_cast<std::size_t>(limits.closing.count());
  app.add_option("--root", root, tr("the folder of the files", "存放文件的目录")).required();
  app.add_option("--port", port, tr("0: a free one", "0：任意空闲端口"));
  app.add_option("--sessions", limits.sessions, tr("callers at once", "同时在线的来电者"));
  app.add_option("--idle", idle, tr("milliseconds without a byte", "没有动静的毫秒数"));
  app.add_option("--closing", closing, tr("milliseconds for a hang-up", "挂断所用的毫秒数"));
  app.add_option("--largest", options.largest, tr("bytes of one file", "单个文件的字节数"));
  return dialtone::run_program(app, argc, argv, [&] {
    limits.idle = ftp_server::milliseconds(idle);
    limits.closing = ftp_server::milliseconds(closing);
    auto store = ftp::open_directory_store(root, options);
    if (!store) throw dialtone::Failure(store.error().detail);
    pull_the_stop_at(SIGTERM);
    pull_the_stop_at(SIGINT);
    try {
      const auto served = ftp_server::serve(listen_on_loopback(port), **store, limits, the_stop());
      if (!served) throw dialtone::Failure(served.error().detail);
    } catch (const dialtone::Todo& unwritten) {
      throw dialtone::Failure(unwritten.text);
    }
    return dialtone::exit_success;
  });
}
