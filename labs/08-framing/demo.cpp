// frames: messages on a byte stream, seen byte by byte; and what goes wrong with them.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "command_line.hpp"
#include "frame_view.hpp"
#include "language.hpp"
#include "stream_traps.hpp"

namespace {

using namespace frames_demo;

struct Options {
  std::string file;
  std::string record;
  std::string salt;
  std::string side = "client";
  std::uint64_t seed = 8;
  std::size_t cut = 0;
  std::size_t shown = 128;
  bool all_bytes = false;
  bool json = false;
};

/// A file to read; "-" is standard input.
class Input {
 public:
  explicit Input(const std::string& name) : name_(name) {
    if (name == "-") return;
    opened_.reset(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened_) fail();
  }

  /// The next bytes; none at the end.
  std::span<const std::byte> next() {
    for (;;) {
      const ssize_t count =
          ::read(opened_ ? opened_.get() : STDIN_FILENO, buffer_.data(), buffer_.size());
      if (count >= 0) return std::span(buffer_).first(static_cast<std::size_t>(count));
      if (errno != EINTR) fail();
    }
  }

 private:
  [[noreturn]] void fail() const {
    throw Failure(tr("cannot read ", "无法读取 ") + name_ + tr(": ", "：") + std::strerror(errno));
  }

  std::string name_;
  FileDescriptor opened_;
  std::array<std::byte, std::size_t{64} << 10U> buffer_;
};

/// A file that is written to; "-" is standard output.
class Output {
 public:
  explicit Output(const std::string& name) : name_(name) {
    if (name != "-") file_.open(name, std::ios::binary);
    if (name != "-" && !file_) fail();
  }
  void write(std::string_view bytes) {
    std::ostream& out = name_ == "-" ? std::cout : file_;
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
    if (!out) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw Failure(tr("cannot write ", "无法写入 ") + name_ + tr(": ", "：") + std::strerror(errno));
  }

  std::string name_;
  std::ofstream file_;
};

std::string at_byte(std::uint64_t offset) {
  return tr("byte ", "第 ") + std::to_string(offset) + tr(": ", " 字节：");
}

// --- live ---

void show_live(const Options& options) {
  std::optional<Output> records[2];
  if (!options.record.empty()) {
    records[0].emplace(options.record + ".client");
    records[1].emplace(options.record + ".server");
  }
  FrameReader readers[] = {FrameReader(options.shown), FrameReader(options.shown)};
  converse(options.seed, [&](Way way, std::span<const std::byte> bytes) {
    const auto side = static_cast<std::size_t>(way);
    if (records[side])
      records[side]->write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    need(readers[side]
             .read(bytes,
                   [&](const Frame& frame) {
                     const std::string arrow(glyph(" → ", " -> "));
                     const std::string client = tr("client", "客户端");
                     const std::string server = tr("server", "服务端");
                     std::cout << coloured(Colour::bold, way == Way::to_server
                                                             ? client + arrow + server
                                                             : server + arrow + client)
                               << '\n';
                     show_frame(frame, options.all_bytes);
                   })
             .map_error([](const Problem& problem) { return problem.error; }));
  });
  for (const FrameReader& reader : readers)
    need(reader.finish().map_error([](const Problem& problem) { return problem.error; }));
}

int live(const Options& options) {
  heading("The course's ftp conversation, between two processes", "课上的 ftp 对话，两个进程之间");
  show_live(options);
  return dialtone::exit_success;
}

// --- read ---

/// Prints each frame as it becomes whole; gives back what was wrong, if anything.
tl::expected<void, Problem> read_frames(Input& input, FrameReader& reader, const Options& options) {
  std::size_t number = 0;
  const auto take = [&](const Frame& frame) {
    ++number;
    if (options.json) {
      std::cout << json_of(frame).dump() << '\n';
      return;
    }
    std::cout << coloured(Colour::bold, tr("frame ", "第 ") + std::to_string(number) +
                                            tr(", ", " 帧，") +
                                            std::to_string(frame.head.size() + frame.payload) +
                                            tr(" bytes", " 字节"))
              << '\n';
    show_frame(frame, options.all_bytes);
  };
  while (std::cout) {  // a reader that has gone needs nothing more
    const auto bytes = input.next();
    if (bytes.empty()) return reader.finish();
    if (auto read = reader.read(bytes, take); !read) return read;
  }
  return {};
}

int read_stream(const Options& options) {
  Input input(options.file);
  FrameReader reader(options.shown);
  const auto read = read_frames(input, reader, options);
  if (options.json) {
    nlohmann::json end = {{"end", read ? "whole" : "wrong"}, {"offset", reader.offset()}};
    if (!read) end["offset"] = read.error().offset;
    if (!read) end["message"] = read.error().error.message;
    std::cout << end.dump() << '\n';
  } else if (!read) {
    std::cout << coloured(Colour::bold, tr("not a whole frame", "不完整的帧")) << '\n';
    show_frame(reader.unfinished(), options.all_bytes);
  }
  if (read) return dialtone::exit_success;
  throw Failure(options.file + ": " + at_byte(read.error().offset) + told(read.error().error));
}

// --- write, digest ---

int write_stream(const Options& options) {
  Output out(options.file);
  const Way side = options.side == "client" ? Way::to_server : Way::to_client;
  converse(options.seed, [&](Way way, std::span<const std::byte> bytes) {
    if (way == side) out.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  });
  return dialtone::exit_success;
}

int print_digest(const Options& options) {
  Input input(options.file);
  framing::CourseDigest digest;
  std::uint64_t total = 0;
  for (auto bytes = input.next(); !bytes.empty(); bytes = input.next()) {
    digest.update(bytes);
    total += bytes.size();
  }
  const std::string text = digest.finish(options.salt);
  if (options.json)
    std::cout << nlohmann::json({{"file", options.file},
                                 {"bytes", total},
                                 {"salt", options.salt},
                                 {"digest", text}})
                     .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
              << '\n';
  else
    std::cout << text << "  " << options.file << '\n';
  return dialtone::exit_success;
}

int tour(const Options& options) {
  live(options);
  naive(0);
  hostile();
  forged(options.seed);
  return dialtone::exit_success;
}

// --- the command line ---

void add_view_options(dialtone::CommandLine& command, Options& options) {
  command
      .add_option("--show", options.shown,
                  tr("bytes of each payload to show", "每个载荷显示多少字节"))
      .between(std::size_t{0}, std::size_t{1} << 20U)
      .capture_default_str();
  command.add_flag("--all-bytes", options.all_bytes,
                   tr("every byte of the headers, however long", "头部的每个字节都显示"));
}

void add_subcommands(dialtone::CommandLine& app, Options& options) {
  const std::string input = tr("a file; - is standard input", "文件；- 表示标准输入");
  dialtone::CommandLine live = app.add_subcommand(
      "live", tr("the course's ftp conversation between two processes, seen from the middle",
                 "两个进程之间的 ftp 对话，从中间看"));
  live.add_option("--record", options.record,
                  tr("also write both streams, to NAME.client and NAME.server",
                     "同时把两个方向的流写入 NAME.client 和 NAME.server"))
      .type_name("NAME");
  dialtone::CommandLine read = app.add_subcommand(
      "read", tr("the frames in one direction of a captured stream", "读出一个方向的流里的帧"));
  read.add_option("file", options.file, input).required();
  read.add_flag("--json", options.json, tr("a line of JSON a frame", "每帧一行 JSON"));
  for (dialtone::CommandLine command : {live, read}) add_view_options(command, options);

  dialtone::CommandLine write = app.add_subcommand(
      "write", tr("write one direction of the conversation", "写出对话的一个方向"));
  write.add_option("file", options.file, tr("a file; - is standard output", "文件；- 表示标准输出"))
      .required();
  write.add_option("--side", options.side, tr("who sent it", "谁发的"))
      .one_of({"client", "server"})
      .capture_default_str();
  for (dialtone::CommandLine command : {live, write})
    command.add_option("--seed", options.seed, tr("what the salts are drawn from", "生成盐的种子"))
        .capture_default_str();

  dialtone::CommandLine naive =
      app.add_subcommand("naive", tr("one recv taken for one message, beside the decoder",
                                     "把一次 recv 当成一条消息，与解码器对照"));
  naive.add_option("--cut", options.cut, tr("cut the stream every N bytes", "每 N 字节切一刀"))
      .between(std::size_t{1}, std::size_t{1024})
      .type_name("N");
  dialtone::CommandLine digest =
      app.add_subcommand("digest", tr("the course's digest of a file", "按课上的方法求文件的摘要"));
  digest.add_option("file", options.file, input).required();
  digest.add_option("--salt", options.salt, tr("appended to the text", "接在文本之后"));
  digest.add_flag("--json", options.json, tr("as JSON", "以 JSON 输出"));
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  dialtone::CommandLine app(
      tr("Lab 08: frames on a byte stream. Without a subcommand: a short tour.",
         "实验 08：字节流上的帧。不带子命令时，走马观花看一遍。"),
      "frames");
  app.require_subcommand(0, 1);
  app.fallthrough();  // --lang may follow the subcommand
  Options options;
  add_subcommands(app, options);
  return dialtone::run_program(app, argc, argv, [&] {
    if (app.asked("live")) return live(options);
    if (app.asked("read")) return read_stream(options);
    if (app.asked("write")) return write_stream(options);
    if (app.asked("digest")) return print_digest(options);
    if (!app.asked("naive")) return tour(options);
    naive(options.cut);
    return dialtone::exit_success;
  });
}
