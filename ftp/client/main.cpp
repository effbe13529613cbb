// ftp-client: the course's menu, or one command with its result.
#include <clocale>
#include <functional>
#include <iostream>

#include "command_line.hpp"
#include "language.hpp"
#include "local_file.hpp"
#include "menu.hpp"
#include "mirror.hpp"
#include "one_shot.hpp"
#include "terminal.hpp"

namespace {

using namespace ftp::client;
using dialtone::tr;

struct Options {
  Server server;
  double patience_seconds = 30;
  bool as_json = false;
  ListOptions list;
  GetOptions get;
  PutOptions put;
  MirrorOptions mirror;
  std::vector<std::string> names;  ///< of rm and stat
  std::string from, to;            ///< of mv
  bool replace = false;
  bool down = false;
};

/// A subcommand, and what it does once the server answers.
struct Command {
  dialtone::CommandLine app;
  std::function<void(Session&, Report&)> act;
};

dialtone::CommandLine add_command(dialtone::CommandLine& app, Options& options, const char* name,
                                  const std::string& what) {
  dialtone::CommandLine command = app.add_subcommand(name, what);
  command.fallthrough();
  command.help_flag();
  command.add_flag("--json", options.as_json,
                   tr("print results as JSON, an object a line", "逐行输出 JSON 结果"));
  return command;
}

Command list_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine list =
      add_command(app, options, "ls", tr("list the server's files", "列出服务端的文件"));
  list.add_option("TYPE_OR_PATTERN", options.list.words,
                  tr("img, video or file, then a pattern as in 'a*.png'; all files when absent",
                     "img、video 或 file，以及匹配式（如 'a*.png'）；省略则列出全部"))
      .expected(0, 2);
  list.add_flag("--digest", options.list.digest, tr("with each file's digest", "同时列出摘要"));
  return {list, [&](Session& session, Report& report) { run_list(session, report, options.list); }};
}

Command get_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine get =
      add_command(app, options, "get",
                  tr("fetch files; goes on from NAME.part where an earlier get was interrupted",
                     "下载文件；若上次中断，则从 NAME.part 处续传"));
  get.add_option("NAME", options.get.names,
                 tr("img/NAME, video/NAME, file/NAME, or NAME (its extension tells the type); "
                    "patterns as in 'img/*.png'",
                    "img/NAME、video/NAME、file/NAME，或 NAME（类型由扩展名决定）；也可用匹配式，"
                    "如 'img/*.png'"))
      .required();
  get.add_option("-o,--output", options.get.output,
                 tr("the file to write, or the folder (several files); - is standard output",
                    "写入的文件，或文件夹（多个文件时）；- 表示标准输出"))
      .type_name("PATH");
  return {get, [&](Session& session, Report& report) { run_get(session, report, options.get); }};
}

Command put_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine put = add_command(
      app, options, "put",
      tr("send files; goes on where an earlier put was interrupted", "上传文件；若上次中断则续传"));
  put.add_option(
         "FILE", options.put.files,
         tr("files here; - is standard input (with --as)", "本地文件；- 表示标准输入（需 --as）"))
      .required();
  put.add_option("--as", options.put.as,
                 tr("the name on the server, as in img/a.png", "服务端的文件名，如 img/a.png"))
      .type_name("NAME");
  put.add_option("--type", options.put.type,
                 tr("img, video or file, instead of what the extension says",
                    "img、video 或 file，代替由扩展名得出的类型"))
      .one_of({"img", "video", "file"});
  put.add_flag("--sha256", options.put.sha256,
               tr("check with SHA-256 instead of XXH3-128", "用 SHA-256 代替 XXH3-128 校验"));
  return {put, [&](Session& session, Report& report) { run_put(session, report, options.put); }};
}

Command remove_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine remove =
      add_command(app, options, "rm", tr("remove files from the server", "删除服务端的文件"));
  remove.add_option("NAME", options.names, tr("as for get", "同 get")).required();
  return {remove,
          [&](Session& session, Report& report) { run_remove(session, report, options.names); }};
}

Command rename_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine rename =
      add_command(app, options, "mv", tr("rename a file on the server", "重命名服务端的文件"));
  rename.add_option("OLD", options.from, tr("as for get, one file", "同 get，单个文件")).required();
  rename
      .add_option("NEW", options.to,
                  tr("the new name; TYPE/NAME to change the type as well",
                     "新名称；写作 TYPE/NAME 可同时改变类型"))
      .required();
  rename.add_flag("--force", options.replace,
                  tr("replace a file of the new name", "若新名称已被占用则替换"));
  return {rename, [&](Session& session, Report& report) {
            run_rename(session, report, options.from, options.to, options.replace);
          }};
}

Command stat_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine stat = add_command(
      app, options, "stat", tr("size, time and digest of files", "文件的大小、时间和摘要"));
  stat.add_option("NAME", options.names, tr("as for get", "同 get")).required();
  return {stat,
          [&](Session& session, Report& report) { run_stat(session, report, options.names); }};
}

Command mirror_command(dialtone::CommandLine& app, Options& options) {
  dialtone::CommandLine mirror = add_command(
      app, options, "mirror",
      tr("make DIR/img, DIR/video and DIR/file the same as the server's files, or the reverse",
         "使 DIR/img、DIR/video、DIR/file 与服务端一致，或反之"));
  mirror.add_option("DIR", options.mirror.folder, tr("the folder here", "本地文件夹")).required();
  dialtone::Option down =
      mirror.add_flag("--down", options.down,
                      tr("from the server to here (the default)", "从服务端到本地（默认）"));
  mirror.add_flag("--up", options.mirror.up, tr("from here to the server", "从本地到服务端"))
      .excludes(down);
  mirror.add_flag("--delete", options.mirror.remove,
                  tr("remove what the other side does not have", "删除另一方没有的文件"));
  return {mirror,
          [&](Session& session, Report& report) { run_mirror(session, report, options.mirror); }};
}

int run_menu(const Options& options, bool language_given) {
  Connection connection(options.server);
  // The menu is the course's, and so is its language, unless the command line says otherwise.
  if (!language_given) dialtone::set_language(dialtone::Language::chinese);
  Version1 server(connection);
  Menu(server, std::cin, std::cout).run();
  return dialtone::exit_success;
}

int run_command(const Options& options, const Command& command) {
  Report report(command.app.name(), options.as_json);
  try {
    Session session(options.server);
    command.act(session, report);
  } catch (const Trouble& trouble) {
    report.failed("", trouble);
  }
  return report.exit_code();
}

void check_options(const Options& options, const dialtone::CommandLine& app) {
  if (app.asked("put")) check(options.put);
  if (app.asked("get") && options.get.output == "-" && options.as_json)
    throw dialtone::UsageFailure(tr("get: -o - and --json both want standard output",
                                    "get：-o - 与 --json 都要占用标准输出"));
}

}  // namespace

int main(int argc, char** argv) {
  dialtone::choose_language(argc, argv);
  std::setlocale(LC_CTYPE, "C.UTF-8");  // patterns match characters, whatever the locale
  prepare_for_signals();
  dialtone::CommandLine app(
      tr("Files to and from an ftp-server. Without a command: the course's menu.",
         "与 ftp-server 收发文件。不带命令时显示课程的菜单。"),
      "ftp-client");
  Options options;
  app.require_subcommand(0, 1);
  app.add_option("--host", options.server.host,
                 tr("the server's IPv4 or IPv6 address, or localhost",
                    "服务端的 IPv4 或 IPv6 地址，或 localhost"))
      .capture_default_str();
  app.add_option("--port", options.server.port, tr("the server's port", "服务端的端口"))
      .between(1, 65535)
      .capture_default_str();
  app.add_option(
         "--timeout", options.patience_seconds,
         tr("give up when no byte has moved for so many seconds", "连续这么多秒没有任何数据时放弃"))
      .between(0.1, 86400.0)
      .type_name("SECONDS")
      .capture_default_str();
  const std::vector<Command> commands{list_command(app, options),   get_command(app, options),
                                      put_command(app, options),    remove_command(app, options),
                                      rename_command(app, options), stat_command(app, options),
                                      mirror_command(app, options)};
  return dialtone::run_program(app, argc, argv, [&] {
    options.server.patience =
        std::chrono::milliseconds(static_cast<int>(options.patience_seconds * 1000));
    check_options(options, app);
    for (const Command& command : commands)
      if (command.app.asked()) return run_command(options, command);
    return run_menu(options, app.count("--lang") > 0);
  });
}
