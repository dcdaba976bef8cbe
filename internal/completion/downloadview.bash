# Completion of downloadview for bash. To use it in all shells:
#
#   downloadview completion bash > /usr/share/bash-completion/completions/downloadview
#
# In one shell: source <(downloadview completion bash)
_downloadview() {
	local line files words=() word i before cur=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()

	# Bash breaks words at "=" and ":". They are joined again; only the last part is
	# replaced.
	for ((i = 1; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if ((${#words[@]})) && { [[ $word == [=:]* ]] || [[ ${words[-1]} == --*= ]] || [[ ${words[-1]} == *: ]]; }; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	[[ $cur == [=:] ]] && cur=
	before=${words[-1]%"$cur"}

	{
		read -r files
		while IFS= read -r line; do
			line=${line%%$'\t'*}
			COMPREPLY+=("${line#"$before"}")
		done
	} < <("${COMP_WORDS[0]}" complete-words -- "${words[@]}" 2>/dev/null)

	local kind
	case $files in
	files) kind=-f ;;
	directories) kind=-d ;;
	*) return ;;
	esac
	compopt -o filenames 2>/dev/null
	while IFS= read -r line; do
		COMPREPLY+=("$line")
	done < <(compgen "$kind" -- "$cur")
}
complete -F _downloadview downloadview
