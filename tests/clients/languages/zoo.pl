% SPDX-License-Identifier: MIT
% SWI-Prolog's http_open, its connections kept alive; called as every client is.
:- use_module(library(http/http_open)).
:- use_module(library(readutil)).
:- initialization(main, main).

:- dynamic failed/0, start/1.

main([Base, CountText, Method, PauseText | _]) :-
    atom_number(CountText, Count),
    atom_number(PauseText, Pause),
    set_stream(user_output, buffer(line)),
    atom_concat('http://', Rest, Base),
    sub_atom(Rest, Before, _, _, '/'), !,
    sub_atom(Rest, Before, _, 0, Path),
    forall(between(1, Count, I), turn(Base, Path, Method, I, Count, Pause)),
    open_fds(End),
    ( start(Start) -> true ; Start = 0 ),
    format("fds ~w ~w~n", [Start, End]),
    ( failed -> halt(1) ; halt(0) ).

turn(Base, Path, Method, I, Count, Pause) :-
    catch(exchange(Base, Path, Method, I), Error, report(I, Error)),
    ( I =:= 2 -> open_fds(N), assertz(start(N)) ; true ),
    ( I < Count -> Seconds is Pause / 1000, sleep(Seconds) ; true ).

exchange(Base, Path, Method, I) :-
    format(atom(URL), "~w-~w", [Base, I]),
    format(string(Want), "\"path\":\"~w-~w\"", [Path, I]),
    ( Method == 'POST' -> format(atom(Body), "payload-~w", [I]), More = [post(atom(Body))] ; More = [] ),
    setup_call_cleanup(
        http_open(URL, In, [request_header('X-Request-Id' = I), connection('Keep-Alive'), timeout(20) | More]),
        read_string(In, _, Text),
        close(In)),
    ( sub_string(Text, _, _, _, Want) -> format("ok ~w 200~n", [I]) ; report(I, Text) ).

report(I, Error) :-
    ( failed -> true ; assertz(failed) ),
    term_to_atom(Error, Text),
    format("error ~w ~w~n", [I, Text]).

open_fds(N) :-
    directory_files('/proc/self/fd', Names),
    length(Names, All),
    N is All - 3.
