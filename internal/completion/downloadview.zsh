#compdef downloadview
# Completion of downloadview for zsh. To use it in all shells:
#
#   downloadview completion zsh > /usr/share/zsh/vendor-completions/_downloadview
#
# In one shell, after compinit: source <(downloadview completion zsh)
_downloadview() {
	local -a lines described
	local files line
	lines=("${(@f)$("${words[1]}" complete-words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
	files=$lines[1]
	for line in "${(@)lines[2,-1]}"; do
		described+=("${${line%%$'\t'*}//:/\\:}${${(M)line:#*$'\t'*}:+:${line#*$'\t'}}")
	done
	((${#described})) && _describe downloadview described
	[[ $PREFIX == --*=* ]] && compset -P '*='
	case $files in
	files) _files ;;
	directories) _files -/ ;;
	esac
}
if [[ $funcstack[1] == _downloadview ]]; then
	_downloadview "$@"
else
	compdef _downloadview downloadview
fi
