/* What AddressSanitizer is told by the fuzz targets: an input frees less than it keeps from reuse here, pages stay with
 * the process, and a few frames name who allocated. The defaults cost more than what is tested. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "quarantine_size_mb=8:allocator_release_to_os_interval_ms=-1:malloc_context_size=8";
}
