// fstool: checks an image of the file system, lists what it holds and copies it out.
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "fs/file_system.hh"
#include "fs/journal.hh"
#include "fs/memory_store.hh"
#include "fs/tools/image_check.hh"
#include "fs/tools/image_file.hh"
#include "fs/tools/image_tree.hh"
#include "fs/tools/quote.hh"

namespace {

constexpr const char* usage_text =
    "usage: fstool check [--repair] IMAGE\n"
    "       fstool list IMAGE [PATH]\n"
    "       fstool extract IMAGE PATH [TO]\n"
    "check says what is wrong in IMAGE; --repair makes the bitmap of free blocks right.\n"
    "list shows a file or folder and all below it; extract copies it to TO, which is the file's\n"
    "name here if it is left out. No guest may use the image meanwhile.\n"
    "Exit status: 0 all is good, 1 errors were repaired, 4 errors are left, 8 the image or file\n"
    "cannot be read, 16 this text.\n";

// As fsck has them.
enum ExitStatus { good = 0, repaired = 1, errors_left = 4, failed = 8, usage = 16 };

using Arguments = std::vector<std::string>;

void print_report(const char* image, const fs::CheckReport& report)
{
    for (const fs::Problem& problem : report.problems) {
        std::printf("%s\n", problem.text.c_str());
    }
    if (report.problem_count > report.problems.size()) {
        std::printf("... and %llu more\n", static_cast<unsigned long long>(
                                               report.problem_count - report.problems.size()));
    }
    std::printf("%s: %llu errors; %u files, %u directories, %u of %u blocks in use\n", image,
                static_cast<unsigned long long>(report.problem_count), report.files,
                report.directories, report.used_blocks, report.block_count);
}

// Does what the file server does at its start: completes changes that were under way. Returns how
// many blocks these were.
uint32_t complete_changes(fs::MemoryStore& store)
{
    fs::FileSystem files(store);
    return files.check_superblock() ? fs::replay_journal(store, files.block_count()).value_or(0) : 0;
}

int check(const std::string& path, bool repair)
{
    using Access = fs::ImageFile::Access;
    fs::ImageFile image(path, repair ? Access::write : Access::read);
    fs::MemoryStore store(image.bytes());
    if (const uint32_t blocks = complete_changes(store); blocks > 0) {
        std::printf("%s: the journal completes changes that were under way (%u blocks)\n",
                    path.c_str(), blocks);
    }
    const fs::CheckReport report = fs::check_image(store);
    print_report(path.c_str(), report);
    if (report.problem_count == 0) {
        return good;
    }
    if (!repair || report.fixable == 0) {
        return errors_left;
    }
    fs::repair_bitmap(store);
    static_cast<void>(fs::clear_journal(store, report.block_count));
    image.sync();
    const fs::CheckReport after = fs::check_image(store);
    std::printf("%s: the bitmap was repaired; %llu errors are left\n", path.c_str(),
                static_cast<unsigned long long>(after.problem_count));
    return after.problem_count == 0 ? repaired : errors_left;
}

// Opens the image's tree for `work`; returns errors_left if damage was met on the way.
template <typename Work> int with_tree(const std::string& path, Work work)
{
    const fs::ImageFile image(path, fs::ImageFile::Access::read);
    fs::MemoryStore store(image.bytes());
    complete_changes(store);
    int status = good;
    try {
        fs::ImageTree tree(store, [&status](const std::string& name, const std::string& text) {
            std::fprintf(stderr, "fstool: %s: %s\n", fs::quote(name).c_str(), text.c_str());
            status = errors_left;
        });
        work(tree);
    } catch (const std::runtime_error& error) {
        throw std::runtime_error(path + ": " + error.what());
    }
    return status;
}

void print_entry(const fs::TreeEntry& entry)
{
    const std::time_t modified = entry.record.modified;
    char time[32] = "?";
    std::tm parts{};
    if (gmtime_r(&modified, &parts) != nullptr) {
        std::strftime(time, sizeof time, "%Y-%m-%d %H:%M:%S", &parts);
    }
    const bool is_directory = entry.record.is_directory();
    std::printf("%c %10llu  %s  %s%s\n", is_directory ? 'd' : '-',
                static_cast<unsigned long long>(entry.record.size), time,
                fs::quote(entry.path).c_str(),
                is_directory && entry.path != "/" ? "/" : "");
}

int list(const std::string& image, const std::string& path)
{
    return with_tree(image, [&path](fs::ImageTree& tree) {
        tree.for_each(tree.find(path), print_entry);
    });
}

int extract(const std::string& image, const std::string& path, const std::string& to)
{
    return with_tree(image, [&](fs::ImageTree& tree) {
        const fs::TreeEntry entry = tree.find(path);
        const std::filesystem::path name = std::filesystem::path(entry.path).filename();
        std::filesystem::path target = to;
        if (to.empty() || (std::filesystem::is_directory(target) && !name.empty())) {
            target /= name;             // into the folder, under its own name
        }
        tree.extract(entry, target.empty() ? "." : target);
    });
}

int run(const Arguments& arguments)
{
    const size_t count = arguments.size();
    const std::string command = count > 0 ? arguments[0] : "";
    if (command == "check" && count == 2 && arguments[1] != "--repair") {
        return check(arguments[1], false);
    }
    if (command == "check" && count == 3 && arguments[1] == "--repair") {
        return check(arguments[2], true);
    }
    if (command == "check" && count == 3 && arguments[2] == "--repair") {
        return check(arguments[1], true);
    }
    if (command == "list" && (count == 2 || count == 3)) {
        return list(arguments[1], count == 3 ? arguments[2] : "/");
    }
    if (command == "extract" && (count == 3 || count == 4)) {
        return extract(arguments[1], arguments[2], count == 4 ? arguments[3] : "");
    }
    std::fputs(usage_text, stderr);
    return usage;
}

}  // namespace

int main(int argc, char** argv)
{
    try {
        return run(Arguments(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "fstool: %s\n", error.what());
        return failed;
    }
}
