// The texts that the CLIXML benchmarks run on, made by code with fixed seeds; counting of
// allocations; the program around both benchmarks.
#pragma once

#include <clixml/reader.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace workloads {

struct Workload {
    std::string name;
    std::string text;
    // Made here: what is read and written verbatim must be the same bytes. A file may be of another
    // writer: then writing, reading and writing again must be a fixed point.
    bool is_exact = true;
};

// W1 bags, W2 process-like objects, W3 a text with escapes, W4 bytes, W5 deep and wide, W6 numbers,
// W7 no two objects of one shape.
std::vector<Workload> generated();

// Every *.xml in `folder`, in the order of their names. Throws std::runtime_error where it cannot
// be read.
std::vector<Workload> in_folder(const std::string& folder);

// The generated workloads, and those of --data=DIR, which is taken out of the arguments.
std::vector<Workload> from_arguments(int& count, char** arguments);

// What one text becomes when it is read losslessly and written verbatim; empty where that fails.
std::string copy_of(std::string_view text);
// Why the codec is wrong about `workload`, or null.
const char* fault(const Workload& workload);

// Calls of operator new and of the allocator given to pugixml, since the program started.
std::size_t allocation_count();
// The most bytes that `work` has had from them at one time.
std::size_t peak_bytes(const std::function<void()>& work);
// Makes pugixml count its allocations too.
void count_pugixml_allocations();

// "pugixml 1.13", for labels.
std::string pugixml_label();

} // namespace workloads
