// ftp-server: keeps files, for callers of the course's protocol and of version 2.
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <iostream>
#include <thread>

#include "command_line.hpp"
#include "console.hpp"
#include "language.hpp"
#include "serve.hpp"

namespace {

using namespace ftp;
using dialtone::Failure;
using dialtone::tr;

struct Options {
  std::string root;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8002;
  std::size_t max_sessions = 10'000;
  std::optional<std::uint64_t> max_file;
  std::optional<std::uint64_t> quota;
  std::uint32_t idle = 300;
  std::string log;
  std::optional<std::uint16_t> console;
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  bool durable = false;
};

/// What went wrong, for a person: the detail, and what to do.
Failure told(const Error& error) {
  const Explanation& words = explain(error.code);
  return Failure(error.detail + tr(": ", "：") + tr(words.en, words.zh));
}

/// Each session may hold a socket and a file.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

socket_basics::Descriptor listen(const std::string& where, std::uint16_t port, const char* option) {
  const bool ipv6 = where.find(':') != std::string::npos;
  const std::string host = where == "localhost" ? "127.0.0.1" : where;
  const auto address =
      socket_basics::parse_address((ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port));
  if (!address)
    throw dialtone::UsageFailure(
        address.error().message +
        tr("; --host takes an IPv4 or IPv6 address", "；--host 需要 IPv4 或 IPv6 地址"));
  auto listener = socket_basics::listen_on(*address, 1024);
  if (!listener) {
    std::string advice;
    if (listener.error().code == EADDRINUSE)
      advice = tr("; choose another ", "；请用 ") + std::string(option) +
               tr(", or 0 for a free one", " 换一个端口，0 表示任选空闲端口");
    throw Failure(listener.error().message + advice);
  }
  return std::move(*listener);
}

std::string address_of(const socket_basics::Descriptor& listener) {
  const auto address = socket_basics::local_address(listener.get());
  if (!address) throw Failure(address.error().message);
  return socket_basics::to_string(*address);
}

/// Takes SIGTERM, SIGINT and SIGHUP for the whole process, on a thread of its own.
class Signals {
 public:
  Signals(const switchboard::Stop& stop, server::Log& log) {
    sigemptyset(&set_);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set_, number);
    ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);  // and in every thread that is made later
    thread_ = std::thread([this, &stop, &log] {
      for (int number = 0; ::sigwait(&set_, &number) == 0 && number != SIGUSR1;) {
        if (number == SIGHUP)
          log.reopen();
        else
          stop.pull();
      }
    });
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals() {
    ::pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }

 private:
  sigset_t set_{};
  std::thread thread_;
};

int run(const Options& options) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file above a limit is an error of its own
  raise_descriptor_limit();
  StoreOptions store_options;
  store_options.quota = options.quota;
  store_options.largest = options.max_file;
  store_options.durable = options.durable;
  const auto store = open_directory_store(options.root, store_options);
  if (!store) throw told(store.error());
  server::Log log(options.log);
  const switchboard::Stop stop;
  const Signals signals(stop, log);
  socket_basics::Descriptor listener = listen(options.host, options.port, "--port");

  server::Limits limits;
  limits.sessions = options.max_sessions;
  limits.idle = std::chrono::seconds(options.idle);
  server::Services services(**store, limits, log, options.threads);
  std::optional<server::Console> console;
  const std::string address = address_of(listener);
  if (options.console) {
    socket_basics::Descriptor operators = listen("127.0.0.1", *options.console, "--console");
    std::cout << "listening on " << address << "\nconsole on " << address_of(operators)
              << std::endl;
    console.emplace(std::move(operators), services, stop);
  } else {
    std::cout << "listening on " << address << std::endl;
  }
  log.info("listening on {}", address);
  const auto served = server::serve(std::move(listener), services, options.threads, stop);
  if (!served) throw told(served.error());
  log.info("stopped");
  return dialtone::exit_success;
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(tr("Keeps files for callers of the course's protocol and of version 2.",
                               "保存文件，服务使用课程协议和第 2 版协议的客户端。"),
                            "ftp-server");
  Options options;
  app.add_option("--root", options.root, tr("the folder that holds the files", "存放文件的目录"))
      .required()
      .type_name("DIR");
  app.add_option("--host", options.host, tr("the address to listen on", "监听地址"))
      .capture_default_str();
  app.add_option("--port", options.port,
                 tr("the port; 0 picks a free one", "端口；0 表示任选空闲端口"))
      .capture_default_str();
  app.add_option("--max-sessions", options.max_sessions,
                 tr("callers at once; one more is told busy", "同时在线的客户端数；再多则告知繁忙"))
      .between(std::size_t{1}, std::size_t{1'000'000})
      .capture_default_str();
  app.add_option("--max-file", options.max_file,
                 tr("bytes of the largest file, such as 500MB", "单个文件的最大字节数，如 500MB"))
      .byte_size();
  app.add_option("--quota", options.quota,
                 tr("bytes of all files together, such as 20GB", "所有文件的总字节数，如 20GB"))
      .byte_size();
  app.add_option("--idle", options.idle,
                 tr("seconds without a byte before a caller is hung up", "多少秒没有数据就挂断"))
      .between(1U, 86'400U)
      .capture_default_str();
  app.add_option("--log", options.log,
                 tr("a file to log to (SIGHUP reopens it); else warnings on stderr",
                    "日志文件（SIGHUP 重新打开）；缺省时只把警告写到标准错误"))
      .type_name("FILE");
  app.add_option("--console", options.console,
                 tr("a port of 127.0.0.1 for operators, who ask by lines such as status",
                    "供操作员使用的 127.0.0.1 端口，用 status 等文本行询问"))
      .type_name("PORT");
  app.add_option("--threads", options.threads, tr("event loops", "事件循环的线程数"))
      .between(std::size_t{1}, std::size_t{256})
      .capture_default_str();
  app.add_flag("--fsync", options.durable,
               tr("answer an upload only when it is on the disk", "上传写入磁盘后才回复"));
  return dialtone::run_program(app, argc, argv, [&] { return run(options); });
}
