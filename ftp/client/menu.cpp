#include "menu.hpp"

#include <filesystem>
#include <iostream>
#include <map>

#include "language.hpp"
#include "local_file.hpp"

namespace ftp::client {

namespace fs = std::filesystem;
using dialtone::tr;

namespace {

/// Nobody answers any more.
struct EndOfInput {};

std::string stripped(std::string_view text) {
  constexpr std::string_view ideographic_space = "\u3000";
  constexpr std::string_view spaces = " \t\r\n\f\v";
  for (;;) {
    const std::size_t before = text.size();
    while (!text.empty() && spaces.find(text.front()) != std::string_view::npos)
      text.remove_prefix(1);
    while (!text.empty() && spaces.find(text.back()) != std::string_view::npos)
      text.remove_suffix(1);
    if (text.substr(0, ideographic_space.size()) == ideographic_space)
      text.remove_prefix(ideographic_space.size());
    if (text.size() >= ideographic_space.size() &&
        text.substr(text.size() - ideographic_space.size()) == ideographic_space)
      text.remove_suffix(ideographic_space.size());
    if (text.size() == before) return std::string(text);
  }
}

std::string menu_text() {
  return tr(
      "\n"
      "        ++++++++++++ Menu ++++++++++\n"
      "                  1. Download a file \n"
      "                  2. Upload a file \n"
      "                  q. Quit\n"
      "        ",
      "\n"
      "        ++++++++++++ 功能菜单 ++++++++++\n"
      "                  1. 下载文件数据 \n"
      "                  2. 上传文件数据 \n"
      "                  q. 退出系统\n"
      "        ");
}

bool exists(const std::string& path) {
  std::error_code none;
  return fs::exists(path, none);
}

std::string without_backslashes(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace

std::string file_id(std::size_t index) {
  return "000" + std::to_string(index);
}

std::string saved_name(const std::string& typed, const std::string& remote) {
  const std::size_t dot = remote.rfind('.');
  return dot == std::string::npos ? typed : typed + remote.substr(dot);
}

std::string path_in(std::string_view command) {
  constexpr std::string_view word = "upload";
  if (command.substr(0, word.size()) != word) return "";
  command.remove_prefix(word.size());
  if (command.empty() || (command.front() != ' ' && command.front() != '\t')) return "";
  std::string path = stripped(command);
  if (path.empty() || exists(path)) return path;
  const char first = path.front();
  if (path.size() > 2 && (first == '"' || first == '\'') && path.back() == first)
    return path.substr(1, path.size() - 2);
  const std::string plain = without_backslashes(path);
  return exists(plain) ? plain : path;
}

std::string Menu::ask(const std::string& prompt) {
  out_ << prompt << std::flush;
  std::string line;
  if (!std::getline(in_, line)) throw EndOfInput{};
  return stripped(line);
}

void Menu::say(const std::string& line) {
  out_ << line << std::endl;
}

void Menu::run() {
  try {
    for (;;) {
      say(menu_text());
      const std::string choice = ask(tr("Choose :>>>> ", "请选择功能 :>>>> "));
      if (choice == "q") return;
      try {
        if (choice == "1")
          download();
        else if (choice == "2")
          upload();
        else
          say(tr("There is no such choice! Choose 1, 2 or q!",
                 "当前功能ID或功能不存在!请确认功能ID或功能!"));
      } catch (const ConnectionLost&) {
        throw;
      } catch (const Refused& refused) {
        say(refused.words().empty()
                ? std::string(refused.what())
                : tr("The server says :>>>> ", "服务端回复 :>>>> ") + excerpt(refused.words()));
      } catch (const Trouble& trouble) {
        say(trouble.what());
      }
    }
  } catch (const EndOfInput&) {
    out_ << std::endl;
  }
}

void Menu::download() {
  const std::string type = ask(tr("Type of file to download :>>>> ", "请输入下载文件类型 :>>>> "));
  const std::vector<std::string> names = server_.list(type);
  if (names.empty()) return say(tr("There are no files!", "当前无文件!"));
  std::map<std::string, std::string> by_id;
  for (const std::string& name : names) {
    const std::string id = file_id(by_id.size());
    say(tr("File number :>>>> ", "当前文件编号 :>>>> ") + id +
        tr(" file name :>>>> ", " 文件名称 :>>>> ") + visible(name));
    by_id.emplace(id, name);
  }
  const std::string id = ask(tr("Number of the file :>>>> ", "请输入文件编号 :>>>> "));
  const auto chosen = by_id.find(id);
  if (chosen == by_id.end())
    return say(tr("There is no file number :>>>> ", "当前文件编号:>>>> ") + id +
               tr("!", " 不存在!"));
  const std::string& name = chosen->second;
  // A name that came over the net becomes part of a path here.
  if (const auto good = check_name(name); !good) throw Refused(good.error());

  const std::string folder = ask(tr("Folder to save it in :>>>> ", "请输入保存文件的路径 :>>>> "));
  std::string typed;
  for (;;) {
    typed = ask(tr("Name to save it as :>>>> ", "请输入保存文件的文件名 :>>>> "));
    if (!typed.empty()) break;
    say(tr("The name must not be empty!", "文件名不能为空!"));
  }
  if (!folder.empty() && !exists(folder)) {
    make_folders(folder);
    say(tr("The folder did not exist and was made!", "当前保存路径不存在,创建成功!"));
  }
  const fs::path path = fs::path(folder) / saved_name(typed, name);
  Incoming incoming = Incoming::temporary(path);
  server_.download(type, name, [&](std::span<const std::byte> piece) { incoming.write(piece); });
  incoming.commit();
  say(tr("File ", "当前文件 ") + visible(name) +
      tr(" downloaded! Saved as :>>>> ", " 下载完成!文件保存至 :>>>> ") + path.string());
}

void Menu::upload() {
  std::string path;
  for (;;) {
    const std::string command = ask(tr("Upload command :>>>> ", "请输入上传命令 :>>>> "));
    if (command == "q") return;
    path = path_in(command);
    if (!path.empty()) break;
    say(tr("The upload command is :>>>> upload PATH (q goes back to the menu)!",
           "上传命令的格式为 :>>>> upload 文件路径 (输入 q 返回菜单)!"));
  }
  if (!exists(path)) return say(tr("There is no such file!", "当前文件路径不存在!"));
  Source source(path);
  if (!source.size()) source.spool();
  const std::string name = fs::path(path).filename().string();
  if (const auto good = check_name(name); !good) throw Refused(good.error());
  const Type type = type_of_name(name);
  Version1::Upload upload;
  upload.file_type = type == Type::file ? "" : folder_of(type);
  upload.name = name;
  upload.folder = fs::path(path).parent_path().string();
  upload.length = *source.size();
  upload.read = [&](const Sink& sink) { source.read_to(*source.size(), sink); };
  say(visible(server_.upload(upload)));
}

}  // namespace ftp::client
