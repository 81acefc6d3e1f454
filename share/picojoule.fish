# fish completion of picojoule; install in fish/vendor_completions.d
function __picojoule
    set -l words (commandline -opc) (commandline -ct)
    $words[1] --complete $words[2..-1] 2>/dev/null
end
complete -c picojoule -a '(__picojoule)'
