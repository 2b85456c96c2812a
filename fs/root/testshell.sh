# What user/testshell.cc has the shell read; testshell.key is what comes out.
echo hello world | cat
cat /lorem | num | grep card | wc -l
cat < /motd | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | num
num /motd
lsfd < /motd
lsfd | cat | num
echo first > /testshell.tmp
echo second third >> /testshell.tmp
num < /testshell.tmp
cat /nowhere 2> /testshell.tmp; echo status $?
cat /testshell.tmp
cat /nowhere 2>&1 | num
echo 'quoted  $?' "and  $?" \| # not this
true && echo true is well || echo not this
false && echo not this || echo false is not
nosuchprogram 2> /testshell.tmp
echo $?; cat /testshell.tmp
sleep 0 &
wait
echo $?
help | grep jobs
sh -c 'exit 7'; echo seven is $?
| wrong
rm /testshell.tmp
ls /testshell.tmp
echo end
