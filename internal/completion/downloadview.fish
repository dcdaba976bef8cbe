# Completion of downloadview for fish. To use it in all shells:
#
#   downloadview completion fish > /usr/share/fish/vendor_completions.d/downloadview.fish
#
# In one shell: downloadview completion fish | source
function __downloadview_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] complete-words -- $words[2..-1] 2>/dev/null)
    set -l before (string match -r -- '^--[^=]*=' $words[-1])
    set -l value (string replace -r -- '^--[^=]*=' '' $words[-1])
    switch "$lines[1]"
        case files
            printf "$before%s\n" (__fish_complete_path $value)
        case directories
            printf "$before%s\n" (__fish_complete_directories $value)
    end
    printf '%s\n' $lines[2..-1]
end
complete -c downloadview -f -a '(__downloadview_complete)'
